#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "fleet/instance.h"

namespace ringmaster {

/// What a plan of homes is made for.
struct CopyPlanOptions {
  double key_rate_max = 1.0;         ///< Requests/s of one key that one instance can serve.
  std::uint32_t warm_prefixes = 64;  ///< Keys that stay cached on one instance.
};

/// How often a key is asked for.
struct KeyRate {
  std::uint64_t key = 0;
  double rate = 0.0;  ///< Requests/s.
};

/// Which instances each of the most frequent keys lives on.
///
///     copies_k = max(1, ceil(rate_k / key_rate_max)), at most n
///     keys by falling rate, until the copies fill n * warm_prefixes slots
///     each key's copies on the instances with the least planned load so far, rate_k / copies_k
///     each (largest first: longest processing time scheduling)
///
/// Planned load begins with an equal share of the rate of the keys left out. Equal loads: the
/// earlier instance. O(keys log keys + copies * n).
class CopyPlan {
 public:
  /// Begins anew. `rates` in any order, one entry a key; it is sorted.
  void rebuild(std::vector<KeyRate>& rates, std::span<const InstanceId> instances,
               const CopyPlanOptions& options);

  /// The instances of the key; empty if it is not in the plan.
  [[nodiscard]] std::span<const InstanceId> homes(std::uint64_t key) const;

  [[nodiscard]] std::size_t key_count() const { return places_.size(); }

 private:
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
  };

  std::unordered_map<std::uint64_t, Place> places_;
  std::vector<InstanceId> homes_;
};

}  // namespace ringmaster
