#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringmaster::sim {

/// Uncached prompt tokens that wait for each instance or are in prefill there, wherever they are
/// held. O(1) per change and per question.
class PendingWork {
 public:
  /// There are so many places from now on; never fewer than before.
  void set_places(std::size_t places) { tokens_.resize(places); }
  /// So many of them have an instance.
  void set_present(std::uint32_t instances) { present_ = instances; }

  void add(std::uint32_t instance, std::uint32_t tokens);
  /// Requires: that many were added before.
  void remove(std::uint32_t instance, std::uint32_t tokens);

  /// Standard deviation over mean across the instances; 0 while nothing is pending.
  [[nodiscard]] double coefficient_of_variation() const;

  [[nodiscard]] std::uint64_t tokens(std::uint32_t instance) const { return tokens_[instance]; }

 private:
  __extension__ using Wide = unsigned __int128;

  std::vector<std::uint64_t> tokens_;
  std::uint32_t present_ = 0;
  std::uint64_t sum_ = 0;
  Wide sum_of_squares_ = 0;
};

}  // namespace ringmaster::sim
