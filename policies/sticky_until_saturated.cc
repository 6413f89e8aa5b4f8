#include "policies/sticky_until_saturated.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

namespace ringmaster {

void StickyUntilSaturated::choose(const RoutingQuery& query, const FleetState& fleet,
                                  RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  decision.knows_cache = true;
  const bool is_projected = options_.form == StickyOptions::Form::kProjected;
  const auto is_warm = [&](InstanceId candidate) {
    return cached_.blocks(candidate) > 0 && cached_.share(candidate) >= options_.warm_share;
  };
  const auto seconds = [&](InstanceId candidate) {
    return estimated_ttft_seconds(fleet[candidate], is_projected ? cached_.uncached(candidate) : 0);
  };
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double least_warm = kNone;
  double least_cold = kNone;
  for (const InstanceId candidate : query.candidates) {
    double& least = is_warm(candidate) ? least_warm : least_cold;
    least = std::min(least, seconds(candidate));
  }
  kept_.clear();
  const bool is_saturated = least_warm - least_cold > options_.saturation_seconds;
  const auto keeps = [&](InstanceId candidate) {
    if (least_warm == kNone || is_warm(candidate)) return true;
    return is_projected ? seconds(candidate) < least_warm - options_.saturation_seconds
                        : is_saturated;
  };
  std::ranges::copy_if(query.candidates, std::back_inserter(kept_), keeps);
  decision.instance = minimum_.pick(kept_, [&](InstanceId candidate) {
    decision.consider({.instance = candidate,
                       .cached_tokens = cached_.tokens(candidate),
                       .score = seconds(candidate)});
    return seconds(candidate);
  });
  decision.reason = least_warm == kNone ? "nobody_warm" : is_saturated ? "warm_saturated" : "warm";
}

void StickyUntilSaturated::describe(const RoutingQuery& /*query*/, const FleetState& fleet,
                                    const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const bool is_projected = options_.form == StickyOptions::Form::kProjected;
  terms.say(is_projected ? kTtftFormula : "held + sent, in seconds");
  add_ttft_terms(fleet[candidate.instance], is_projected ? cached_.uncached(candidate.instance) : 0,
                 terms);
}

std::unique_ptr<RoutingPolicy> make_sticky_until_saturated(OptionReader& reader,
                                                           std::uint64_t /*seed*/) {
  constexpr std::array<std::string_view, 2> kForms{"filter", "projected"};
  StickyOptions options;
  options.form = reader.choice("form", kForms) == 0 ? StickyOptions::Form::kFilter
                                                    : StickyOptions::Form::kProjected;
  options.warm_share = reader.number("warm_share", options.warm_share, 0.0, 1.0);
  options.saturation_seconds =
      reader.number("saturation_seconds", options.saturation_seconds, 0.0, 3600.0);
  return std::make_unique<StickyUntilSaturated>(options);
}

}  // namespace ringmaster
