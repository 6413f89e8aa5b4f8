#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// A map from block hash to a small value. Each block in it has a dense number for its lifetime,
/// by which its owner can refer to it (a linked list, a parallel array).
///
/// Open addressing over (tag, number) pairs with linear probing and backward-shift deletion, at
/// most half full; hash and value lie together, so that a hit costs two cache lines. Numbers of
/// erased blocks are used again. No allocation but for growth by doubling.
template <class Value>
class BlockTable {
 public:
  static constexpr std::uint32_t kAbsent = 0xffff'ffff;
  static constexpr std::uint32_t kBlocksMax = 1U << 30U;

  BlockTable() : slots_(kSlotsAtFirst) { fit_to_slots(); }

  /// The number of the block, or kAbsent.
  [[nodiscard]] std::uint32_t find(const BlockHash& hash) const {
    return slot(probe(hash, tag_of(hash))).number;
  }

  /// Adds the block with a default value if it is absent; its number either way.
  /// Requires: fewer than kBlocksMax blocks.
  std::uint32_t insert(const BlockHash& hash) {
    const std::uint32_t tag = tag_of(hash);
    const std::size_t place = probe(hash, tag);
    if (slot(place).number != kAbsent) return slot(place).number;
    const std::uint32_t number = new_number(hash);
    slot(place) = {tag, number};
    if (++size_ > slots_.size() / 2) grow();
    return number;
  }

  /// Requires: the number is in use.
  void erase(std::uint32_t number) {
    std::size_t hole = home_of(tag_of(node(number).hash));
    while (slot(hole).number != number) {
      RINGMASTER_CHECK(slot(hole).number != kAbsent);
      hole = (hole + 1) & mask_;
    }
    // Pull back every follower that probing would no longer reach across the hole.
    for (std::size_t i = (hole + 1) & mask_; slot(i).number != kAbsent; i = (i + 1) & mask_) {
      const std::size_t distance_from_home = (i - home_of(slot(i).tag)) & mask_;
      if (distance_from_home >= ((i - hole) & mask_)) {
        slot(hole) = slot(i);
        hole = i;
      }
    }
    slot(hole) = {};
    free_numbers_.push_back(number);
    --size_;
  }

  void clear() {
    std::ranges::fill(slots_, Slot{});
    nodes_.clear();
    free_numbers_.clear();
    size_ = 0;
  }

  /// Brings nearer what find(blocks[position + a few]) will read: the table's slots first, and the
  /// nodes they point to half way. Call it once for each position, from 0 and in order.
  void prefetch_ahead(std::span<const BlockHash> blocks, std::size_t position) const {
    if (position == 0) {
      prefetch_first(blocks);
      for (const BlockHash& hash : blocks.first(std::min(kNodesAhead, blocks.size()))) {
        prefetch_node(hash);
      }
    }
    if (position + kSlotsAhead < blocks.size()) prefetch(blocks[position + kSlotsAhead]);
    if (position + kNodesAhead < blocks.size()) prefetch_node(blocks[position + kNodesAhead]);
  }
  void prefetch(const BlockHash& hash) const { __builtin_prefetch(&slot(home_of(tag_of(hash)))); }
  /// Of a row of blocks to be looked up from the first one on, a little later.
  void prefetch_first(std::span<const BlockHash> blocks) const {
    for (const BlockHash& hash : blocks.first(std::min(kSlotsAhead, blocks.size()))) prefetch(hash);
  }

  // Require: the number is in use.
  [[nodiscard]] const BlockHash& hash(std::uint32_t number) const { return node(number).hash; }
  [[nodiscard]] Value& value(std::uint32_t number) { return node(number).value; }
  [[nodiscard]] const Value& value(std::uint32_t number) const { return node(number).value; }

  [[nodiscard]] std::uint32_t size() const { return size_; }

  /// All numbers given out so far are below it.
  [[nodiscard]] std::uint32_t number_bound() const {
    return static_cast<std::uint32_t>(nodes_.size());
  }

 private:
  static constexpr std::size_t kSlotsAtFirst = 64;
  // So many loads under way at a time hide a memory access of some 150 ns, which is what a lookup
  // costs once the tables of a large fleet are beyond the caches; a node's address is known only
  // when its slot is there. Measured: docs/simulation.md, speed.
  static constexpr std::size_t kSlotsAhead = 24;
  static constexpr std::size_t kNodesAhead = 12;

  struct Slot {
    std::uint32_t tag = 0;  ///< 32 mixed bits of the hash; its top bits are the home slot.
    std::uint32_t number = kAbsent;
  };
  struct Node {
    BlockHash hash;
    Value value{};
  };

  static std::uint32_t tag_of(const BlockHash& hash) {
    // Recorded traces may carry small integers as hashes: spread them over the top bits.
    return static_cast<std::uint32_t>(((hash.low ^ hash.high) * 0x9e3779b97f4a7c15ULL) >> 32U);
  }
  // Unchecked on purpose: these are the innermost loads of every lookup, and the table's own
  // invariants bound the indices.
  [[nodiscard]] Slot& slot(std::size_t i) { return slots_.data()[i]; }
  [[nodiscard]] const Slot& slot(std::size_t i) const { return slots_.data()[i]; }
  [[nodiscard]] Node& node(std::uint32_t number) { return nodes_.data()[number]; }
  [[nodiscard]] const Node& node(std::uint32_t number) const { return nodes_.data()[number]; }

  [[nodiscard]] std::size_t home_of(std::uint32_t tag) const { return tag >> shift_; }

  void prefetch_node(const BlockHash& hash) const {
    const std::uint32_t tag = tag_of(hash);
    const Slot& home = slot(home_of(tag));
    if (home.tag == tag && home.number != kAbsent) __builtin_prefetch(&node(home.number));
  }

  /// The slot that holds the block, or the empty one where it would go.
  [[nodiscard]] std::size_t probe(const BlockHash& hash, std::uint32_t tag) const {
    std::size_t i = home_of(tag);
    while (slot(i).number != kAbsent && (slot(i).tag != tag || node(slot(i).number).hash != hash)) {
      i = (i + 1) & mask_;
    }
    return i;
  }

  std::uint32_t new_number(const BlockHash& hash) {
    RINGMASTER_CHECK(size_ < kBlocksMax);
    if (free_numbers_.empty()) {
      nodes_.push_back({hash, Value{}});
      return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    const std::uint32_t number = free_numbers_.back();
    free_numbers_.pop_back();
    nodes_[number] = {hash, Value{}};
    return number;
  }

  void fit_to_slots() {
    mask_ = slots_.size() - 1;
    shift_ = 32U - static_cast<unsigned>(std::countr_zero(slots_.size()));
  }

  void grow() {
    std::vector<Slot> before(slots_.size() * 2);
    before.swap(slots_);
    fit_to_slots();
    for (const Slot& slot : before) {
      if (slot.number == kAbsent) continue;
      std::size_t i = home_of(slot.tag);
      while (slots_[i].number != kAbsent) i = (i + 1) & mask_;
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> free_numbers_;
  std::size_t mask_ = 0;
  unsigned shift_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace ringmaster
