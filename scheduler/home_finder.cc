#include "scheduler/home_finder.h"

#include "base/random.h"

namespace ringmaster {

void HomeFinder::find(RoutingQuery& query, const FleetState& fleet, bool by_session) const {
  const RequestSpec& request = query.request;
  const bool is_of_session = by_session && request.session != 0;
  query.key_blocks = is_of_session ? 0 : hotness_->key_blocks(request.chain);
  if (query.key_blocks > 0) {
    query.key = request.chain[query.key_blocks - 1].low;
  } else {
    // Shorter than a block, there is nothing to share but a session; without one, spread.
    query.key = mix64(request.session != 0 ? request.session : ~request.id.value);
  }
  const bool takes_all = query.candidates.data() == fleet.eligible().data();
  query.homes = takes_all ? fleet.homes(query.key) : fleet.homes_among(query.key, query.candidates);
}

}  // namespace ringmaster
