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
/// Adding or removing an instance moves only the keys of its own arcs and costs one pass over the
/// points; a lookup is O(1) on average (the points are bucketed by their leading bits).
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
    std::size_t i = first_point(key);
    for (std::size_t seen = 0; seen < points_.size(); ++seen, ++i) {
      if (i == points_.size()) i = 0;
      const InstanceId instance{points_[i].instance};
      if (eligible(instance)) {
        found = instance;
        return true;
      }
    }
    return false;
  }

  // Bring nearer what find(key) reads: first its bucket, and the points that the bucket names.
  void prefetch(std::uint64_t key) const;
  void prefetch_point(std::uint64_t key) const;

  [[nodiscard]] std::size_t point_count() const { return points_.size(); }

  /// How many points an instance of this capacity has.
  [[nodiscard]] std::uint32_t points_of(double capacity) const;

 private:
  struct Point {
    std::uint64_t position;
    std::uint32_t instance;
  };

  /// Index of the first point at or after the key's position; 0 past the last.
  [[nodiscard]] std::size_t first_point(std::uint64_t key) const;
  [[nodiscard]] bool precedes(const Point& a, const Point& b) const;
  void insert(const std::vector<Point>& added);
  void count_into_buckets(const std::vector<Point>& added);
  void rebuild_buckets();

  std::uint64_t seed_;
  std::uint32_t points_per_instance_;
  std::vector<Point> points_;           ///< By position, then by name.
  std::vector<std::uint32_t> buckets_;  ///< First point of each equal part of the circle.
  unsigned bucket_shift_ = 0;
  std::vector<std::string> names_;  ///< By slot; settles equal positions.
};

}  // namespace ringmaster
