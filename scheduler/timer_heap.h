#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace ringmaster {

/// One timer per key (a small dense number), earliest first; equal times in the order they were
/// set. Setting and cancelling are O(log timers) and leave nothing behind.
class TimerHeap {
 public:
  /// Sets the key's timer, in place of the one it has.
  void set(std::uint32_t key, TimePoint at);

  /// Does nothing if none is set.
  void cancel(std::uint32_t key);

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  /// Requires: not empty.
  [[nodiscard]] TimePoint next_time() const { return heap_.front().at; }
  /// Takes the earliest timer off. Requires: not empty.
  std::uint32_t pop();

 private:
  static constexpr std::uint32_t kNowhere = 0xffff'ffff;

  struct Timer {
    TimePoint at;
    std::uint64_t sequence;
    std::uint32_t key;
  };

  static bool precedes(const Timer& a, const Timer& b) {
    return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
  }
  void put(std::uint32_t place, const Timer& timer);
  void sift_up(std::uint32_t place, const Timer& timer);
  void sift_down(std::uint32_t place, const Timer& timer);
  void remove_at(std::uint32_t place);

  std::vector<Timer> heap_;
  std::vector<std::uint32_t> places_;  ///< By key.
  std::uint64_t next_sequence_ = 0;
};

}  // namespace ringmaster
