#include "policies/chwbl.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "policies/hotness_reading.h"

namespace ringmaster {

double Chwbl::capacity(const RoutingQuery& query, const FleetState& fleet) const {
  double in_flight = 0.0;
  for (const InstanceId candidate : query.candidates) in_flight += fleet[candidate].load.requests();
  return std::ceil(options_.load_factor * (in_flight + 1.0) /
                   static_cast<double>(query.candidates.size()));
}

void Chwbl::choose(const RoutingQuery& query, const FleetState& fleet, RoutingDecision& decision) {
  const PrefixChain& chain = query.request.chain;
  std::uint64_t key = query.key;
  if (options_.key_blocks > 0 && !chain.empty()) {
    key = chain[std::min<std::size_t>(options_.key_blocks, chain.size()) - 1].low;
  }
  const double bound = capacity(query, fleet);
  const auto load = [&](InstanceId instance) {
    return static_cast<double>(fleet[instance].load.requests());
  };
  const auto is_candidate = [&](InstanceId instance) {
    return std::ranges::binary_search(query.candidates, instance);
  };
  const auto has_room = [&](InstanceId instance) {
    return is_candidate(instance) && load(instance) < bound;
  };
  InstanceId home;
  InstanceId found;
  RINGMASTER_CHECK(fleet.rings().find_on_first_ring(key, is_candidate, home));
  RINGMASTER_CHECK(fleet.rings().find_on_first_ring(key, has_room, found));
  decision.consider({.instance = home, .score = load(home)});
  if (found != home) decision.consider({.instance = found, .score = load(found)});
  decision.instance = found;
  decision.reason = found == home ? "first_home" : "next_with_room";
}

void Chwbl::describe(const RoutingQuery& query, const FleetState& fleet,
                     const ScoredCandidate& candidate, ScoreTerms& terms) const {
  terms.say("requests in flight there, against the bound");
  terms.add("requests", fleet[candidate.instance].load.requests());
  terms.add("bound", capacity(query, fleet));
}

std::unique_ptr<RoutingPolicy> make_chwbl(OptionReader& reader, std::uint64_t /*seed*/) {
  ChwblOptions options;
  options.load_factor = reader.number("load_factor", options.load_factor, 1.0, 100.0);
  options.key_blocks =
      reader.count("key_blocks", options.key_blocks, 0, HotnessOptions::kKeyBlocksMax);
  read_hotness(reader, options.hotness);
  return std::make_unique<Chwbl>(options);
}

}  // namespace ringmaster
