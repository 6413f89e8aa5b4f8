#include "scheduler/home_finder.h"

#include <algorithm>

#include "base/random.h"
#include "fleet/landmarks.h"

namespace ringmaster {

std::span<const BlockHash> HomeFinder::steps(const RequestSpec& request) const {
  const std::span<const BlockHash> chain = request.chain;
  const std::size_t apart = landmark_blocks(request.block_tokens);
  if (apart == 1 || chain.size() <= apart) return chain;
  const std::size_t count =
      std::min<std::size_t>(steps_of_blocks(chain.size(), apart), options_.key_blocks_max);
  steps_.resize(count);
  for (std::size_t i = 0; i < count; ++i) steps_[i] = chain[blocks_of_steps(i + 1, apart) - 1];
  return steps_;
}

std::uint32_t HomeFinder::key_blocks(const RequestSpec& request) const {
  const std::uint32_t key_steps = hotness_->key_blocks(steps(request));
  return static_cast<std::uint32_t>(
      blocks_of_steps(key_steps, landmark_blocks(request.block_tokens)));
}

void HomeFinder::find(RoutingQuery& query, const FleetState& fleet, bool by_session) const {
  const RequestSpec& request = query.request;
  const bool is_of_session = by_session && request.session != 0;
  query.key_blocks = is_of_session ? 0 : key_blocks(request);
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
