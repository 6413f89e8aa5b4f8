#include "fleet/prefix_hotness.h"

#include "fleet/share_hotness.h"
#include "fleet/table_hotness.h"

namespace ringmaster {

std::unique_ptr<PrefixHotness> make_prefix_hotness(const HotnessOptions& options) {
  if (options.form == HotnessOptions::Form::kCode) return std::make_unique<TableHotness>(options);
  return std::make_unique<ShareHotness>(options);
}

}  // namespace ringmaster
