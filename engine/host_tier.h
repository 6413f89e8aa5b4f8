#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/block_index.h"
#include "engine/block_list.h"
#include "engine/kv_events.h"
#include "engine/step_input.h"
#include "tokens/block_hash.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// The part of a prefix cache that lies in host memory: blocks that the device's pool evicted, the
/// least recently evicted of which give way to new ones.
///
/// Says what is to be copied; the device copies, before the next step's work and all saves before
/// all loads. A content is here or on the device, never on both: what is loaded leaves. So the two
/// memories add up, at the price of a copy for each later eviction. Every operation is O(1) per
/// block. Not thread-safe.
class HostTier {
 public:
  /// `events` outlives the tier. Requires: block_count >= 0 (0: it never holds anything),
  /// block_tokens > 0.
  HostTier(std::int32_t block_count, std::int32_t block_tokens, KvEventLog& events);

  /// The tokens of the block under `hash`; empty if it is not here. Valid until the next change.
  [[nodiscard]] TokenSpan find(const BlockHash& hash) const;

  /// Takes over the content of a device's block that is about to be used for something else.
  /// Requires: it is not here; block_tokens tokens.
  void save(BlockId from, const BlockHash& hash, TokenSpan tokens);

  /// Takes a content out, so that it can be loaded; its memory is not used again before
  /// take_copies(). Requires: find(hash) is not empty.
  [[nodiscard]] HostBlockId take_out(const BlockHash& hash);

  /// Has what was taken out copied to a device's block; returns its tokens, valid until the next
  /// change.
  TokenSpan load(HostBlockId from, BlockId to);

  /// Drops a content, if it is here: it was computed anew.
  void forget(const BlockHash& hash);

  /// Forgets everything. Notes no event: the log is told that all is cleared.
  void clear();

  /// Hands over what is to be copied before the next step. No block of the device and none of the
  /// host is in two saves or in two loads.
  void take_copies(std::vector<BlockCopy>& saves, std::vector<BlockCopy>& loads);

  [[nodiscard]] std::int32_t block_count() const {
    return static_cast<std::int32_t>(blocks_.size());
  }
  [[nodiscard]] std::int32_t indexed_count() const { return index_.size(); }
  [[nodiscard]] std::uint64_t saved_blocks() const { return saved_blocks_; }    ///< So far.
  [[nodiscard]] std::uint64_t loaded_blocks() const { return loaded_blocks_; }  ///< So far.

  /// Every hash that is here, in the order of the blocks.
  [[nodiscard]] std::vector<BlockHash> indexed_hashes() const;

 private:
  static constexpr std::int32_t kNone = -1;

  struct Block {
    BlockHash hash;  // Only if is_indexed.
    bool is_indexed = false;
    std::int32_t pending_save = kNone;  // Its place in saves_.
  };

  [[nodiscard]] Block& at(HostBlockId block) { return blocks_[static_cast<std::size_t>(block)]; }
  [[nodiscard]] std::size_t first_token(HostBlockId block) const {
    return static_cast<std::size_t>(block) * block_tokens_;
  }
  void drop(HostBlockId block);

  std::size_t block_tokens_;
  KvEventLog& events_;
  std::vector<Block> blocks_;
  std::vector<TokenId> tokens_;  // [blocks, block_tokens]; content of indexed blocks.
  BlockIndex index_;
  BlockList next_;  // Used next is first; all but those that were taken out.
  std::vector<HostBlockId> taken_out_;
  std::vector<BlockCopy> saves_;
  std::vector<BlockCopy> loads_;
  std::uint64_t saved_blocks_ = 0;
  std::uint64_t loaded_blocks_ = 0;
};

}  // namespace ringmaster::engine
