#include "policies/load_measure.h"

#include <array>
#include <string_view>

namespace ringmaster {

LoadMeasure read_load_measure(OptionReader& options) {
  constexpr std::array<std::string_view, 2> kNames{"requests", "pending_tokens"};
  return options.choice("load", kNames) == 0 ? LoadMeasure::kRequests : LoadMeasure::kPendingTokens;
}

void describe_load(const InstanceState& instance, LoadMeasure measure, ScoreTerms& terms) {
  const bool is_requests = measure == LoadMeasure::kRequests;
  terms.say(is_requests ? "requests held, in prefill or decoding there"
                        : "uncached prompt tokens pending there");
  terms.add(is_requests ? "requests" : "pending", load_of(instance, measure));
}

}  // namespace ringmaster
