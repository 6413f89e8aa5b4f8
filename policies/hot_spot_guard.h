#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "fleet/block_table.h"
#include "fleet/instance.h"
#include "fleet/request.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// LMetric's guard against a hot spot: where a class of requests (those that begin with the same
/// blocks) is more common than the instances that have its prefix can carry, it stops going there.
///
///     x = share of the class among the last requests, M = instances that have its prefix, of n
///     alarm: x / (1 - x) > M / (n - M)
///     2 M choices of M in a row under alarm: M is closed to the class until the alarm is over
///
/// Source: LMetric (arXiv 2603.15202). The window and the depth of a class are ours.
class HotSpotGuard {
 public:
  static constexpr std::uint32_t kWindowRequests = 1000;

  /// A class is the first `class_blocks` full blocks of a prompt; shorter prompts have none.
  explicit HotSpotGuard(std::uint32_t class_blocks) : class_blocks_(class_blocks) {}

  [[nodiscard]] std::uint32_t class_blocks() const { return class_blocks_; }

  /// Counts the request. True if `holders` of `instances` are closed to it.
  bool observe(const RequestSpec& request, std::uint32_t holders, std::uint32_t instances);

  /// Where the request that was observed last would go by score alone.
  void note_choice(const RequestSpec& request, bool is_holder);

 private:
  struct Class {
    std::uint32_t requests = 0;        ///< In the window.
    std::uint32_t holder_choices = 0;  ///< In a row, under alarm.
    bool is_alarmed = false;
  };

  void forget_oldest();

  std::uint32_t class_blocks_;
  BlockTable<Class> classes_;
  std::deque<std::optional<BlockHash>> window_;
};

}  // namespace ringmaster
