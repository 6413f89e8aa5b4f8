#include "policies/mooncake.h"

#include <algorithm>

namespace ringmaster {

void Mooncake::choose(const RoutingQuery& query, const FleetState& fleet,
                      RoutingDecision& decision) {
  min_ttft_.choose(query, fleet, decision);
  if (!rejects_) return;
  const double seconds = std::ranges::min(decision.scored(), {}, &ScoredCandidate::score).score;
  if (admission_.admits(seconds, query.ttft_slo)) return;
  decision.is_refused = true;
  decision.reason = admission_.refusal();
}

void Mooncake::describe(const RoutingQuery& query, const FleetState& fleet,
                        const ScoredCandidate& candidate, ScoreTerms& terms) const {
  min_ttft_.describe(query, fleet, candidate, terms);
}

std::unique_ptr<RoutingPolicy> make_mooncake(OptionReader& reader, std::uint64_t /*seed*/) {
  const bool rejects = reader.flag("reject", true);
  return std::make_unique<Mooncake>(rejects, read_reject_above(reader));
}

}  // namespace ringmaster
