#include "policies/hot_spot_guard.h"

namespace ringmaster {

bool HotSpotGuard::observe(const RequestSpec& request, std::uint32_t holders,
                           std::uint32_t instances) {
  if (window_.size() == kWindowRequests) forget_oldest();
  if (request.chain.size() < class_blocks_) {
    window_.emplace_back(std::nullopt);
    return false;
  }
  const BlockHash& prefix = request.chain[class_blocks_ - 1];
  window_.emplace_back(prefix);
  Class& seen = classes_.value(classes_.insert(prefix));
  ++seen.requests;
  // Without the divisions, so that x = 1 and M = n need no case of their own.
  const std::uint64_t others = window_.size() - seen.requests;
  seen.is_alarmed = holders > 0 && std::uint64_t{seen.requests} * (instances - holders) >
                                       std::uint64_t{holders} * others;
  if (!seen.is_alarmed) seen.holder_choices = 0;
  return seen.is_alarmed && seen.holder_choices >= 2 * holders;
}

void HotSpotGuard::note_choice(const RequestSpec& request, bool is_holder) {
  if (request.chain.size() < class_blocks_) return;
  Class& seen = classes_.value(classes_.find(request.chain[class_blocks_ - 1]));
  if (seen.is_alarmed) seen.holder_choices = is_holder ? seen.holder_choices + 1 : 0;
}

void HotSpotGuard::forget_oldest() {
  if (const auto& oldest = window_.front()) {
    const std::uint32_t number = classes_.find(*oldest);
    if (--classes_.value(number).requests == 0) classes_.erase(number);
  }
  window_.pop_front();
}

}  // namespace ringmaster
