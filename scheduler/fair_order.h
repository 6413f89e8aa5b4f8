#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "scheduler/queue_order.h"

namespace ringmaster {

/// `fair`: the tenant that has been served least goes next; within a tenant by arrival.
///
/// A tenant's counter grows by the uncached tokens of each of its requests that is dispatched
/// anywhere in the fleet: cached ones cost nothing, so sharing a prefix is not punished. A tenant
/// that begins to wait starts no lower than the level of the tenant served last, so idle time is
/// not saved up. Requests without a tenant are one tenant.
///
/// A pick is O(q) for the q requests held there. Memory: one counter for each tenant that waits or
/// is ahead of the level; beyond kTenantsMax those that do not wait are forgotten.
/// Source: VTC (arXiv 2401.00588), charged for uncached input; output is not charged, as its length
/// is not known when a request is dispatched.
class FairOrder final : public QueueOrder {
 public:
  static constexpr std::size_t kTenantsMax = 65'536;

  [[nodiscard]] std::int64_t rank(const Waiting& /*waiting*/) const override { return 0; }
  [[nodiscard]] std::size_t pick(std::span<const Waiting> leading,
                                 const PickContext& context) override;
  void held(const Waiting& waiting) override;
  void unheld(const Waiting& waiting) override;
  void dispatched(std::uint64_t tenant, std::uint32_t uncached_tokens) override;

  /// Counters being kept.
  [[nodiscard]] std::size_t tenant_count() const { return accounts_.size(); }

 private:
  struct Account {
    std::uint64_t tokens = 0;  ///< The virtual counter.
    std::uint32_t held_requests = 0;
  };

  [[nodiscard]] Account& account(std::uint64_t tenant);
  void forget_idle();

  std::unordered_map<std::uint64_t, Account> accounts_;
  std::uint64_t level_ = 0;  ///< Counter of the tenant picked last; never falls.
};

}  // namespace ringmaster
