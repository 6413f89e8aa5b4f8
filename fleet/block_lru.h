#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fleet/block_table.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// What an insertion changed, in order. Reuse one object: its vectors keep their memory.
struct BlockChanges {
  std::vector<BlockHash> stored;
  std::vector<BlockHash> removed;

  void clear() {
    stored.clear();
    removed.clear();
  }
};

/// The prefix cache of one instance as a bounded LRU of block hashes.
///
/// Evicts the least recently used prefix first and, within a prefix, its tail before its head:
/// using a chain makes its first block the most recent of all. So whatever is cached has its whole
/// prefix cached too. Flat arrays and an intrusive list; O(blocks of the chain) per call.
class BlockLru {
 public:
  /// Requires: capacity_blocks < 2^30. With 0 nothing is ever stored.
  explicit BlockLru(std::uint32_t capacity_blocks);
  /// Of as many blocks as so many tokens are, but less than 2^30. Requires: block_tokens > 0.
  [[nodiscard]] static BlockLru of_tokens(std::uint64_t tokens, std::uint32_t block_tokens);

  /// Length in blocks of the longest cached prefix of the chain.
  [[nodiscard]] std::uint32_t cached_blocks(std::span<const BlockHash> chain) const;

  /// Marks the cached prefix of the chain as used now. Returns its length in blocks.
  std::uint32_t touch(std::span<const BlockHash> chain);

  /// Caches the chain (its first `capacity` blocks if it is longer) as used now, evicting others.
  /// Appends what was stored and removed to `changes` if it is given. Returns the blocks of the
  /// chain that had been cached before.
  std::uint32_t insert(std::span<const BlockHash> chain, BlockChanges* changes = nullptr);

  /// Forgets the `count` blocks used longest ago, and appends them to changes->removed if it is
  /// given. Requires: count <= size().
  void evict_least_recent(std::uint32_t count, BlockChanges* changes);

  /// Forgets one block; false if it is not cached. The caller sees to it that no longer prefix
  /// stays behind.
  bool erase(const BlockHash& hash);

  void clear();

  /// Calls visit(hash) from the most to the least recently used block.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t block = ends_.next; block != kEnds; block = links(block).next) {
      visit(table_.hash(block));
    }
  }

  [[nodiscard]] std::uint32_t size() const { return table_.size(); }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_blocks_; }

 private:
  /// In place of a block: before the most and after the least recent one. Also "not cached".
  static constexpr std::uint32_t kEnds = 0xffff'ffff;

  struct Links {
    std::uint32_t previous = kEnds;  ///< Used more recently.
    std::uint32_t next = kEnds;
  };
  using Table = BlockTable<Links>;
  static_assert(kEnds == Table::kAbsent);

  [[nodiscard]] Links& links(std::uint32_t block) {
    return block == kEnds ? ends_ : table_.value(block);
  }
  [[nodiscard]] const Links& links(std::uint32_t block) const { return table_.value(block); }
  void unlink(std::uint32_t block);
  void link_after(std::uint32_t place, std::uint32_t block);
  /// Moves the cached prefix to the front; its length, and in `last` its last block.
  std::uint32_t promote(std::span<const BlockHash> chain, std::uint32_t& last);

  std::uint32_t capacity_blocks_;
  Table table_;
  std::vector<std::uint32_t> victims_;  ///< Scratch.
  Links ends_;  ///< next: the most recent block, previous: the least recent one.
};

}  // namespace ringmaster
