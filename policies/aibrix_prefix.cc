#include "policies/aibrix_prefix.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "policies/load_measure.h"

namespace ringmaster {

// Fisher and Yates: equal candidates come in random order through the stable sorts that follow.
void AibrixPrefix::shuffle_candidates(const RoutingQuery& query) {
  order_.assign(query.candidates.begin(), query.candidates.end());
  for (std::size_t i = order_.size(); i > 1; --i)
    std::swap(order_[i - 1], order_[random_.below(i)]);
}

void AibrixPrefix::choose(const RoutingQuery& query, const FleetState& fleet,
                          RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  decision.knows_cache = true;
  shuffle_candidates(query);
  const auto requests = [&](InstanceId candidate) { return fleet[candidate].load.requests(); };
  const auto scored = [&](InstanceId candidate) {
    return ScoredCandidate{.instance = candidate,
                           .cached_tokens = cached_.tokens(candidate),
                           .score = static_cast<double>(requests(candidate))};
  };
  const auto count = static_cast<double>(order_.size());
  double sum = 0.0;
  double sum_of_squares = 0.0;
  for (const InstanceId candidate : order_) {
    decision.consider(scored(candidate));
    sum += requests(candidate);
    sum_of_squares += std::pow(requests(candidate), 2.0);
  }
  const double mean = sum / count;
  const double deviation = std::sqrt(std::max(0.0, sum_of_squares / count - mean * mean));

  const InstanceId idlest = *std::ranges::min_element(order_, {}, requests);
  const InstanceId busiest = *std::ranges::max_element(order_, {}, requests);
  decision.reason = "out_of_balance_least_load";
  if (requests(busiest) - requests(idlest) > options_.imbalance_requests) {
    std::erase_if(order_,
                  [&](InstanceId candidate) { return requests(candidate) != requests(idlest); });
  } else {
    decision.reason = "most_cached_not_busy";
  }
  std::ranges::stable_sort(order_, [&](InstanceId a, InstanceId b) {
    if (cached_.blocks(a) != cached_.blocks(b)) return cached_.blocks(a) > cached_.blocks(b);
    return requests(a) < requests(b);
  });
  for (const InstanceId candidate : order_) {
    if (cached_.blocks(candidate) == 0) break;
    if (requests(candidate) <= mean + options_.deviations * deviation) {
      return decision.take(scored(candidate));
    }
  }
  if (decision.reason == "most_cached_not_busy") decision.reason = "no_match_least_load";
  decision.take(scored(idlest));
}

void AibrixPrefix::describe(const RoutingQuery& /*query*/, const FleetState& fleet,
                            const ScoredCandidate& candidate, ScoreTerms& terms) const {
  describe_load(fleet[candidate.instance], LoadMeasure::kRequests, terms);
}

std::unique_ptr<RoutingPolicy> make_aibrix_prefix(OptionReader& reader, std::uint64_t seed) {
  AibrixPrefixOptions options;
  options.imbalance_requests =
      reader.count("imbalance_requests", options.imbalance_requests, 0, 1'000'000);
  options.deviations = reader.number("deviations", options.deviations, 0.0, 100.0);
  return std::make_unique<AibrixPrefix>(options, seed);
}

}  // namespace ringmaster
