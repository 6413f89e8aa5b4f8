#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace ringmaster {

/// A map from a 64-bit hash to a value that remembers the `size_max` keys used last. O(1) a call.
template <class Value>
class RecentMap {
 public:
  /// Requires: size_max > 0.
  explicit RecentMap(std::size_t size_max) : size_max_(size_max) { RINGMASTER_CHECK(size_max > 0); }

  /// The value of the key, which is now the most recent; null if it is not there.
  [[nodiscard]] Value* use(std::uint64_t key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  /// The same, and its place stays as it is.
  [[nodiscard]] Value* find(std::uint64_t key) {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }
  [[nodiscard]] const Value* find(std::uint64_t key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }

  /// What the next put() of a new key forgets; null if there is room.
  [[nodiscard]] Value* oldest_if_full() {
    return entries_.size() == size_max_ ? &entries_.back().second : nullptr;
  }

  /// Sets the value and makes the key the most recent; forgets the least recent one if full.
  void put(std::uint64_t key, Value value) {
    if (Value* there = use(key)) {
      *there = std::move(value);
      return;
    }
    if (entries_.size() == size_max_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, std::move(value));
    places_.emplace(key, entries_.begin());
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::uint64_t, Value>>;  ///< Most recent first.

  std::size_t size_max_;
  Entries entries_;
  std::unordered_map<std::uint64_t, typename Entries::iterator> places_;
};

}  // namespace ringmaster
