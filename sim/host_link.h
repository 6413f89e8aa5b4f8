#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "tokens/block_hash.h"

namespace ringmaster::sim {

/// The way from host memory to a simulated device: one copy at a time, beside the steps. What a
/// step needs itself goes before what was ordered ahead; ordered copies go by the time of order.
/// O(ordered copies under way) a call.
class HostLink {
 public:
  /// What one block takes.
  explicit HostLink(Duration block_time) : block_time_(block_time) {}

  /// Copies `blocks` of a chain ahead; the first of them is `first`, at that place of the chain.
  void copy_ahead(std::size_t place, const BlockHash& first, std::size_t blocks, TimePoint now) {
    std::erase_if(under_way_, [now](const Ahead& copy) { return copy.ready_at <= now; });
    free_at_ = std::max(free_at_, now) + time_of(blocks);
    under_way_.push_back({.place = place, .first = first, .ready_at = free_at_});
  }

  /// Copies `blocks` for a step that waits for them; how long it waits.
  [[nodiscard]] Duration copy_first(std::size_t blocks, TimePoint now) {
    const Duration time = time_of(blocks);
    free_at_ = std::max(free_at_, now) + time;
    for (Ahead& copy : under_way_) {
      if (copy.ready_at > now) copy.ready_at += time;
    }
    return time;
  }

  /// How long it takes until all of the chain that was copied ahead is there. Equal hashes at a
  /// place mean equal chains up to there.
  [[nodiscard]] Duration until_ready(std::span<const BlockHash> chain, TimePoint now) const {
    Duration wait{};
    for (const Ahead& copy : under_way_) {
      const bool is_needed = copy.place < chain.size() && chain[copy.place] == copy.first;
      if (is_needed) wait = std::max(wait, copy.ready_at - now);
    }
    return wait;
  }

 private:
  struct Ahead {
    std::size_t place = 0;
    BlockHash first;
    TimePoint ready_at{};
  };

  [[nodiscard]] Duration time_of(std::size_t blocks) const {
    return block_time_ * static_cast<std::int64_t>(blocks);
  }

  Duration block_time_;
  TimePoint free_at_{};
  std::vector<Ahead> under_way_;  ///< And some that are over.
};

}  // namespace ringmaster::sim
