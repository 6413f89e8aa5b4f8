#pragma once

#include "fleet/prefix_hotness.h"
#include "policies/option_reader.h"

namespace ringmaster {

/// Options `window` (requests) and `key_blocks_max` of policies with hash keys.
void read_hotness(OptionReader& options, HotnessOptions& hotness);

}  // namespace ringmaster
