#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/instance.h"

namespace ringmaster {

/// A seeded 64-bit hash of a text, equal on every platform. Not for secrets.
[[nodiscard]] std::uint64_t hash_text(std::uint64_t seed, std::string_view text);

/// One consistent-hash ring: each instance at points seeded by its name, a key at the first
/// eligible instance clockwise.
///
/// Adding or removing an instance moves only the keys of its own arcs. It costs O(its points) on
/// average, a lookup O(1): points lie in order in a table with gaps, each at the place that its
/// position names or, where others are in its way, soon behind it.
/// Source of the table: O. Amble, D. Knuth, "Ordered hash tables" (1974); that a gap says what
/// comes after it is ours: neither a lookup nor a walk has to tell gaps from points.
class HashRing {
 public:
  /// Rings of different seeds are independent. Requires: points_per_instance > 0.
  HashRing(std::uint64_t seed, std::uint32_t points_per_instance);

  /// Places round(points * capacity) points, at least one. Requires: neither is on the ring.
  void add(InstanceId instance, std::string_view name, double capacity);

  /// Does nothing if the instance is not on the ring.
  void remove(InstanceId instance);

  /// Writes the first instance clockwise of the key for which eligible(instance) holds to `found`;
  /// false if there is none. O(points) where few are eligible.
  template <class Eligible>
  bool find(std::uint64_t key, const Eligible& eligible, InstanceId& found) const {
    std::size_t place = first_place(key);
    for (std::size_t seen = 0; seen < end_; ++seen, ++place) {
      if (place == end_) place = 0;
      const InstanceId instance{places_[place].instance};
      if (eligible(instance)) {
        found = instance;
        return true;
      }
    }
    return false;
  }

  /// Brings nearer what find(key) reads.
  void prefetch(std::uint64_t key) const;

  [[nodiscard]] std::size_t point_count() const { return point_count_; }

  /// How many points an instance of this capacity has.
  [[nodiscard]] std::uint32_t points_of(double capacity) const;

 private:
  /// A gap has position and instance of the next point, as far as there is one.
  struct Place {
    std::uint64_t position = 0;
    std::uint32_t instance = 0;
    bool is_gap = true;
  };
  struct Member {
    std::string name;  ///< Settles equal positions.
    std::uint32_t points = 0;
  };

  /// Where a point of this position lies, unless others are in its way. Rises with the position.
  [[nodiscard]] std::size_t own_place(std::uint64_t position) const;
  /// The first point at or after the key's position, or a gap before it; end_ if there is none.
  [[nodiscard]] std::size_t first_place(std::uint64_t key) const;
  [[nodiscard]] bool precedes(const Place& a, const Place& b) const;
  void insert(const Place& point);
  void erase(const Place& point);
  /// To the gaps before `place`, which has changed.
  void tell_gaps_before(std::size_t place);
  void resize(std::size_t own_places);

  std::uint64_t seed_;
  std::uint32_t points_per_instance_;
  std::size_t point_count_ = 0;
  std::size_t own_places_ = 0;
  std::vector<Place> places_;  ///< By position, then by name; behind own_places_ what had to move.
  std::size_t end_ = 0;        ///< Behind the last point.
  std::vector<Member> members_;  ///< By slot.
};

}  // namespace ringmaster
