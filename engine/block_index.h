#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/executor.h"
#include "tokens/block_hash.h"

namespace ringmaster::engine {

/// Open-addressing map from block hash to block, sized once for all blocks of a pool.
///
/// Linear probing, at most half full; removal moves later entries back, so no tombstones.
/// Never allocates after construction. Not thread-safe.
class BlockIndex {
 public:
  static constexpr BlockId kNone = -1;

  /// Requires: block_count > 0; at most that many entries at any time.
  explicit BlockIndex(std::int32_t block_count);

  /// The block under `hash`, or kNone.
  [[nodiscard]] BlockId find(const BlockHash& hash) const;

  /// Brings nearer what the next call about `hash` reads.
  void prefetch(const BlockHash& hash) const {
    __builtin_prefetch(&entries_[hash.low & mask_], /*rw=*/1);
  }

  /// Requires: `hash` is not in the map.
  void insert(const BlockHash& hash, BlockId block);

  /// Requires: `hash` is in the map.
  void erase(const BlockHash& hash);

  void clear();

  [[nodiscard]] std::int32_t size() const { return size_; }

 private:
  struct Entry {
    BlockHash hash;
    BlockId block = kNone;
  };

  [[nodiscard]] std::size_t slot_of(const BlockHash& hash) const;  // Of the entry, or a free one.

  std::vector<Entry> entries_;  // A power of two, so that `mask_` wraps.
  std::size_t mask_;
  std::int32_t size_ = 0;
};

}  // namespace ringmaster::engine
