#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fleet/hash_ring.h"
#include "fleet/instance.h"

namespace ringmaster {

/// The instances that a key hashes to: two different ones, fewer only in a smaller fleet.
class Homes {
 public:
  void add(InstanceId instance) { instances_[count_++] = instance; }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] InstanceId operator[](std::size_t ring) const { return instances_[ring]; }
  [[nodiscard]] std::span<const InstanceId> span() const {
    return std::span(instances_).first(count_);
  }

 private:
  std::array<InstanceId, 2> instances_{};
  std::uint32_t count_ = 0;
};

/// The two independent rings of a fleet (DualMap, section on candidate mapping; our rule for a
/// pair: if both rings name the same instance, the second walks on to the next different one).
///
/// Depends on names, capacities and points only, so that gateways with the same membership agree
/// on every pair of homes without talking to each other.
class HomeRings {
 public:
  explicit HomeRings(std::uint32_t points_per_instance);

  void add(InstanceId instance, std::string_view name, double capacity);
  void remove(InstanceId instance, std::string_view name, double capacity);

  /// The pair of the key among the instances for which eligible(instance) holds; there must be
  /// exactly `eligible_count` of them on the rings.
  template <class Eligible>
  [[nodiscard]] Homes find(std::uint64_t key, std::size_t eligible_count,
                           const Eligible& eligible) const {
    Homes homes;
    InstanceId first;
    // The ways of the two rings through memory side by side, not one after the other.
    for (const HashRing& ring : rings_) ring.prefetch(key);
    if (eligible_count == 0 || !rings_[0].find(key, eligible, first)) return homes;
    homes.add(first);
    InstanceId second;
    const auto other = [&](InstanceId instance) { return instance != first && eligible(instance); };
    // With one eligible instance the walk would go around the whole ring for nothing.
    if (eligible_count > 1 && rings_[1].find(key, other, second)) homes.add(second);
    return homes;
  }

  /// The first instance clockwise of the key on the first ring for which eligible(instance) holds;
  /// false if there is none.
  template <class Eligible>
  bool find_on_first_ring(std::uint64_t key, const Eligible& eligible, InstanceId& found) const {
    return rings_[0].find(key, eligible, found);
  }

  /// Equal for equal sets of (name, points), whatever the order of additions.
  [[nodiscard]] std::uint64_t membership_digest() const { return digest_; }

 private:
  [[nodiscard]] std::uint64_t digest_of(std::string_view name, double capacity) const;

  std::array<HashRing, 2> rings_;
  std::uint64_t digest_ = 0;
};

}  // namespace ringmaster
