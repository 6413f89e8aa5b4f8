#include "policies/hotness_reading.h"

namespace ringmaster {

void read_hotness(OptionReader& options, HotnessOptions& hotness) {
  // 0 stands for the published window; anything else must be long enough to tell a share.
  hotness.window_requests = options.count("window", hotness.window_requests, 0, 1'000'000);
  hotness.key_blocks_max = options.count("key_blocks_max", hotness.key_blocks_max, 1, 1024);
}

}  // namespace ringmaster
