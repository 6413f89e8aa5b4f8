#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ringmaster::sim {

/// LRU stack distances (Mattson and others, "Evaluation techniques for storage hierarchies", IBM
/// Systems Journal 9, 1970) of a sequence of uses, by a Fenwick tree over the moments of last use
/// (Olken 1981).
class ReuseDistance {
 public:
  /// At most `uses_max` calls of use().
  explicit ReuseDistance(std::size_t uses_max) : marks_(uses_max + 1) {}

  /// Notes the next use of something that was last used by the call with that number (the first
  /// call has number 0; absent: never before).
  /// Returns how many distinct things were used since then, itself included. O(log uses_max).
  std::optional<std::size_t> use(std::optional<std::size_t> last);

 private:
  void add(std::size_t place, std::int32_t change);
  [[nodiscard]] std::size_t sum_to(std::size_t place) const;

  std::vector<std::int32_t> marks_;  // Fenwick tree; a mark at each thing's latest use.
  std::size_t uses_ = 0;
};

}  // namespace ringmaster::sim
