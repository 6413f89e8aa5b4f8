#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/block_index.h"
#include "engine/block_list.h"
#include "engine/host_tier.h"
#include "engine/kv_events.h"
#include "engine/step_input.h"
#include "tokens/block_hash.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// Hands out the KV blocks of a device, and finds those that already hold a prefix.
///
/// A block is free (no references) or held. A held block whose content is final is indexed under
/// the chain hash of its prefix; freed it stays indexed until it is needed for something else,
/// least recently freed first, so a later prompt can take it back. Then its content goes to the
/// host tier, if there is one, and comes back from there when a prompt asks for it. What is in the
/// index or in the host tier, and with which tokens, is the prefix cache. Every operation is O(1)
/// per block; nothing is allocated after construction except the results. Not thread-safe.
class BlockPool {
 public:
  /// `events` outlives the pool. Requires: block_count > 0, block_tokens > 0, host_block_count >= 0
  /// (0: what is evicted is gone).
  BlockPool(std::int32_t block_count, std::int32_t block_tokens, KvEventLog& events,
            std::int32_t host_block_count = 0);

  /// How many leading blocks of a prompt are in the cache, at most `blocks_max`. A block counts
  /// only if its hash and its tokens are equal. Requires: tokens cover blocks_max full blocks.
  [[nodiscard]] std::int32_t cached_blocks(std::span<const BlockHash> chain, TokenSpan tokens,
                                           std::int32_t blocks_max) const;

  /// Takes a reference to each of the first `count` cached blocks and appends them to `table`;
  /// those of the host tier get blocks of the device, to be filled before the next step. Requires:
  /// count <= cached_blocks(chain, ...); free_count() >= free_among_cached(chain, count).
  void take_cached(std::span<const BlockHash> chain, std::int32_t count,
                   std::vector<BlockId>& table);

  /// How many free blocks it would use up to take the first `count` cached ones: those that are
  /// free themselves, and one for each of the host tier.
  [[nodiscard]] std::int32_t free_among_cached(std::span<const BlockHash> chain,
                                               std::int32_t count) const;

  /// A free block with one reference; its old content goes to the host tier or leaves the cache.
  /// Requires: free_count() > 0.
  [[nodiscard]] BlockId allocate();

  /// Says that the block's content is computed and final: `tokens` under `hash`. If another block
  /// is indexed under the hash this one stays out of the index. Requires: the block is held and
  /// not indexed; block_tokens tokens.
  void index(BlockId block, const BlockHash& hash, TokenSpan tokens);

  /// Brings nearer what index() will touch: three tables of many megabytes, at random.
  void prefetch(BlockId block, const BlockHash& hash) const {
    index_.prefetch(hash);
    __builtin_prefetch(&at(block), /*rw=*/1);
    __builtin_prefetch(tokens_of(block).data(), /*rw=*/1);
  }

  /// Drops one reference of each block of a sequence, tail first, so that the tail of a prefix is
  /// evicted before its head. Free blocks that are not indexed are re-used before all others.
  void release(std::span<const BlockId> table);

  /// Empties the cache, the host tier's part too; held blocks stay held.
  void clear_cache();

  /// Hands over what is to be copied between device and host before the next step. Blocks taken
  /// from the cache must not be released before.
  void take_copies(std::vector<BlockCopy>& saves, std::vector<BlockCopy>& loads) {
    host_.take_copies(saves, loads);
  }

  [[nodiscard]] std::int32_t block_count() const {
    return static_cast<std::int32_t>(blocks_.size());
  }
  [[nodiscard]] std::int32_t block_tokens() const { return block_tokens_; }
  [[nodiscard]] std::int32_t free_count() const { return free_.size(); }
  [[nodiscard]] std::int32_t indexed_count() const { return index_.size(); }
  [[nodiscard]] std::int32_t references(BlockId block) const { return at(block).references; }
  [[nodiscard]] bool is_indexed(BlockId block) const { return at(block).is_indexed; }

  [[nodiscard]] const HostTier& host_tier() const { return host_; }

  /// Every hash in the device's part of the cache, in the order of block ids.
  [[nodiscard]] std::vector<BlockHash> indexed_hashes() const;

 private:
  static constexpr BlockId kNone = BlockIndex::kNone;

  struct Block {
    BlockHash hash;  // Only if is_indexed.
    std::int32_t references = 0;
    bool is_indexed = false;
  };

  [[nodiscard]] const Block& at(BlockId block) const {
    return blocks_[static_cast<std::size_t>(block)];
  }
  [[nodiscard]] Block& at(BlockId block) { return blocks_[static_cast<std::size_t>(block)]; }
  [[nodiscard]] std::span<TokenId> tokens_of(BlockId block);
  [[nodiscard]] TokenSpan tokens_of(BlockId block) const;
  void insert(BlockId block, const BlockHash& hash, TokenSpan tokens);
  void evict(BlockId block);

  std::int32_t block_tokens_;
  KvEventLog& events_;
  std::vector<Block> blocks_;
  std::vector<TokenId> tokens_;  // [blocks, block_tokens]; content of indexed blocks.
  BlockIndex index_;
  BlockList free_;  // Re-used next is first.
  HostTier host_;
};

}  // namespace ringmaster::engine
