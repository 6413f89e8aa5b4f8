#include "policies/continued_prompts.h"

#include <span>

#include "fleet/landmarks.h"

namespace ringmaster {
namespace {

/// Blocks up to the last landmark of the prompt; 0 if it is too short to have one.
std::size_t marked_blocks(const RequestSpec& request) {
  const std::size_t apart = landmark_blocks(request.block_tokens);
  return request.chain.size() / apart * apart;
}

}  // namespace

ContinuedPrompts::Followed ContinuedPrompts::find(const RoutingQuery& query,
                                                  const FleetState& fleet) const {
  const std::size_t apart = landmark_blocks(query.request.block_tokens);
  std::size_t blocks = marked_blocks(query.request);
  for (std::size_t looks = 0; blocks > 0 && looks < kLandmarksMax; ++looks, blocks -= apart) {
    const std::uint64_t landmark = query.request.chain[blocks - 1].low;
    const Prompt* prompt = prompts_.find(landmark);
    if (prompt == nullptr) continue;
    if (prompt->followers >= kFollowersMax) return {.landmark = landmark, .home = std::nullopt};
    return {.landmark = landmark, .home = prompt->last.find(query, fleet, idle_max_)};
  }
  return {};
}

void ContinuedPrompts::note(const RoutingQuery& query, const FleetState& fleet,
                            const Followed& followed, InstanceId instance) {
  const std::size_t blocks = marked_blocks(query.request);
  if (blocks == 0) return;
  if (Prompt* prompt = prompts_.use(followed.landmark)) ++prompt->followers;
  const std::uint64_t landmark = query.request.chain[blocks - 1].low;
  if (Prompt* prompt = prompts_.use(landmark)) {
    prompt->last.use(query, fleet, instance);
  } else {
    prompts_.put(landmark, {.last = {query, fleet, instance}});
  }
}

}  // namespace ringmaster
