#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fleet/instance.h"

namespace ringmaster {

/// What is ordered of each instance and neither used nor given up yet, against what may be.
class PrefetchBounds {
 public:
  PrefetchBounds(std::uint32_t orders_max, std::uint64_t tokens_max)
      : orders_max_(orders_max), tokens_max_(tokens_max) {}

  /// Counts an order; false, and nothing is counted, if it would go beyond a bound.
  [[nodiscard]] bool take(InstanceId instance, std::uint32_t tokens) {
    if (open_.size() <= instance.value) open_.resize(instance.value + std::size_t{1});
    Open& open = open_[instance.value];
    if (open.orders >= orders_max_ || open.tokens + tokens > tokens_max_) return false;
    ++open.orders;
    open.tokens += tokens;
    return true;
  }

  /// Requires: take() has counted it.
  void give_back(InstanceId instance, std::uint32_t tokens) {
    --open_[instance.value].orders;
    open_[instance.value].tokens -= tokens;
  }

 private:
  struct Open {
    std::uint32_t orders = 0;
    std::uint64_t tokens = 0;
  };

  std::uint32_t orders_max_;
  std::uint64_t tokens_max_;
  std::vector<Open> open_;  ///< By slot.
};

}  // namespace ringmaster
