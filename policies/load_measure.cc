#include "policies/load_measure.h"

#include <array>
#include <string_view>

namespace ringmaster {

LoadMeasure read_load_measure(OptionReader& options) {
  constexpr std::array<std::string_view, 2> kNames{"requests", "pending_tokens"};
  return options.choice("load", kNames) == 0 ? LoadMeasure::kRequests : LoadMeasure::kPendingTokens;
}

}  // namespace ringmaster
