#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ringmaster {

/// The last values that were added, in order of size.
template <class Value>
class SortedWindow {
 public:
  /// Remembers `size_max` values. Requires: size_max > 0.
  explicit SortedWindow(std::size_t size_max) : size_max_(size_max) {}

  /// Forgets the oldest one if full. O(size_max).
  void add(Value value) {
    if (ring_.size() < size_max_) {
      ring_.push_back(value);
    } else {
      sorted_.erase(std::ranges::lower_bound(sorted_, ring_[oldest_]));
      ring_[oldest_] = value;
      oldest_ = (oldest_ + 1) % size_max_;
    }
    sorted_.insert(std::ranges::upper_bound(sorted_, value), value);
  }

  [[nodiscard]] const std::vector<Value>& sorted() const { return sorted_; }

 private:
  std::size_t size_max_;
  std::size_t oldest_ = 0;
  std::vector<Value> ring_;
  std::vector<Value> sorted_;
};

}  // namespace ringmaster
