#include "policies/hotness_reading.h"

namespace ringmaster {

void read_hotness(OptionReader& options, HotnessOptions& hotness) {
  hotness.window_requests =
      options.count("window", hotness.window_requests, HotnessOptions::kWindowRequestsMin,
                    HotnessOptions::kWindowRequestsMax);
  hotness.key_blocks_max =
      options.count("key_blocks_max", hotness.key_blocks_max, 1, HotnessOptions::kKeyBlocksMax);
}

}  // namespace ringmaster
