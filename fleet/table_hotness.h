#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "fleet/block_lru.h"
#include "fleet/block_table.h"
#include "fleet/prefix_hotness.h"

namespace ringmaster {

/// The form of DualMap's official code: a bounded table per depth that says which prefixes are
/// expanded by one block, and a window over the last observations.
///
/// Each request observes its key and, if that is deeper than one block, the key's parent too. An
/// observation is hot at a share of 0.0612 of the window. A parent below 0.02 deletes the entry
/// *at the key's depth*, which is never the one that made the key so deep, so in practice keys
/// never shrink; only a full table (10,000 a depth) forgets. Kept as published: it is the
/// reference to compare with.
class TableHotness final : public PrefixHotness {
 public:
  explicit TableHotness(const HotnessOptions& options);

  [[nodiscard]] std::uint32_t key_blocks(std::span<const BlockHash> chain) const override;
  void observe(std::span<const BlockHash> chain, std::uint32_t instance_count) override;

 private:
  /// Notes one observation of the prefix; its share of the window afterwards.
  double note(const BlockHash& prefix);

  std::uint32_t window_observations_;
  std::uint32_t key_blocks_max_;
  std::vector<BlockLru> expanded_by_depth_;  ///< [depth - 1]: prefixes that go one block deeper.
  std::deque<BlockHash> window_;
  BlockTable<std::uint32_t> counts_;
};

}  // namespace ringmaster
