#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "fleet/tag_slots.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// A map from block hash to a small value. Each block in it has a dense number for its lifetime,
/// by which its owner can refer to it (a linked list, a parallel array).
///
/// Found by TagSlots; hash and value lie together, so that a hit costs two cache lines. Numbers of
/// erased blocks are used again. No allocation but for growth.
template <class Value>
class BlockTable {
 public:
  static constexpr std::uint32_t kAbsent = TagSlots::kAbsent;
  static constexpr std::uint32_t kBlocksMax = 1U << 30U;

  /// The number of the block, or kAbsent.
  [[nodiscard]] std::uint32_t find(const BlockHash& hash) const {
    return slots_.number_at(place_of(hash, tag_of(hash)));
  }

  /// Adds the block with a default value if it is absent; its number either way.
  /// Requires: fewer than kBlocksMax blocks.
  std::uint32_t insert(const BlockHash& hash) {
    const std::uint32_t tag = tag_of(hash);
    const std::size_t place = place_of(hash, tag);
    if (slots_.number_at(place) != kAbsent) return slots_.number_at(place);
    const std::uint32_t number = new_number(hash);
    slots_.fill(place, tag, number);
    return number;
  }

  /// Requires: the number is in use.
  void erase(std::uint32_t number) {
    slots_.erase(tag_of(node(number).hash), number);
    free_numbers_.push_back(number);
  }

  void clear() {
    slots_.clear();
    nodes_.clear();
    free_numbers_.clear();
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
  void prefetch(const BlockHash& hash) const { slots_.prefetch(tag_of(hash)); }
  /// Of a row of blocks to be looked up from the first one on, a little later.
  void prefetch_first(std::span<const BlockHash> blocks) const {
    for (const BlockHash& hash : blocks.first(std::min(kSlotsAhead, blocks.size()))) prefetch(hash);
  }

  // Require: the number is in use.
  [[nodiscard]] const BlockHash& hash(std::uint32_t number) const { return node(number).hash; }
  [[nodiscard]] Value& value(std::uint32_t number) { return node(number).value; }
  [[nodiscard]] const Value& value(std::uint32_t number) const { return node(number).value; }

  [[nodiscard]] std::uint32_t size() const { return slots_.size(); }

  /// All numbers given out so far are below it.
  [[nodiscard]] std::uint32_t number_bound() const {
    return static_cast<std::uint32_t>(nodes_.size());
  }

 private:
  // So many loads under way at a time hide a memory access of some 150 ns, which is what a lookup
  // costs once the tables of a large fleet are beyond the caches; a node's address is known only
  // when its slot is there. Measured: docs/simulation.md, speed.
  static constexpr std::size_t kSlotsAhead = 24;
  static constexpr std::size_t kNodesAhead = 12;

  struct Node {
    BlockHash hash;
    Value value{};
  };

  static std::uint32_t tag_of(const BlockHash& hash) {
    // Recorded traces may carry small integers as hashes: spread them over the top bits.
    return static_cast<std::uint32_t>(((hash.low ^ hash.high) * 0x9e3779b97f4a7c15ULL) >> 32U);
  }
  // Unchecked, as in TagSlots.
  [[nodiscard]] Node& node(std::uint32_t number) { return nodes_.data()[number]; }
  [[nodiscard]] const Node& node(std::uint32_t number) const { return nodes_.data()[number]; }

  /// Where in slots_ the block is, or would go.
  [[nodiscard]] std::size_t place_of(const BlockHash& hash, std::uint32_t tag) const {
    return slots_.find(tag, [&](std::uint32_t number) { return node(number).hash == hash; });
  }

  void prefetch_node(const BlockHash& hash) const {
    const std::uint32_t number = slots_.likely_number(tag_of(hash));
    if (number != kAbsent) __builtin_prefetch(&node(number));
  }

  std::uint32_t new_number(const BlockHash& hash) {
    RINGMASTER_CHECK(size() < kBlocksMax);
    if (free_numbers_.empty()) {
      nodes_.push_back({hash, Value{}});
      return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    const std::uint32_t number = free_numbers_.back();
    free_numbers_.pop_back();
    nodes_[number] = {hash, Value{}};
    return number;
  }

  TagSlots slots_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> free_numbers_;
};

}  // namespace ringmaster
