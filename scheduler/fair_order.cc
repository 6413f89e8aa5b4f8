#include "scheduler/fair_order.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace ringmaster {

FairOrder::Account& FairOrder::account(std::uint64_t tenant) {
  const auto found = accounts_.find(tenant);
  if (found != accounts_.end()) return found->second;
  if (accounts_.size() >= kTenantsMax) forget_idle();
  return accounts_.emplace(tenant, Account{.tokens = level_}).first->second;
}

void FairOrder::forget_idle() {
  // Who is not ahead of the level loses nothing: it would be lifted to it anyway.
  std::erase_if(accounts_, [this](const auto& entry) {
    return entry.second.held_requests == 0 && entry.second.tokens <= level_;
  });
  if (accounts_.size() < kTenantsMax) return;
  std::erase_if(accounts_, [](const auto& entry) { return entry.second.held_requests == 0; });
}

std::size_t FairOrder::pick(std::span<const Waiting> leading, const PickContext& /*context*/) {
  std::size_t best = 0;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t i = 0; i < leading.size(); ++i) {
    const std::uint64_t tokens = account(leading[i].tenant).tokens;
    if (tokens < least) {
      least = tokens;
      best = i;
    }
  }
  level_ = std::max(level_, least);
  return best;
}

void FairOrder::held(const Waiting& waiting) {
  Account& tenant = account(waiting.tenant);
  if (tenant.held_requests++ == 0) tenant.tokens = std::max(tenant.tokens, level_);
}

void FairOrder::unheld(const Waiting& waiting) {
  Account& tenant = account(waiting.tenant);
  RINGMASTER_CHECK(tenant.held_requests > 0);
  --tenant.held_requests;
}

void FairOrder::dispatched(std::uint64_t tenant, std::uint32_t uncached_tokens) {
  account(tenant).tokens += uncached_tokens;
}

}  // namespace ringmaster
