#include "fleet/block_lru.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster {

BlockLru::BlockLru(std::uint32_t capacity_blocks) : capacity_blocks_(capacity_blocks) {
  RINGMASTER_CHECK(capacity_blocks < Table::kBlocksMax);
}

BlockLru BlockLru::of_tokens(std::uint64_t tokens, std::uint32_t block_tokens) {
  return BlockLru(static_cast<std::uint32_t>(
      std::min<std::uint64_t>(tokens / block_tokens, Table::kBlocksMax - 1)));
}

std::uint32_t BlockLru::cached_blocks(std::span<const BlockHash> chain) const {
  std::uint32_t blocks = 0;
  for (; blocks < chain.size(); ++blocks) {
    table_.prefetch_ahead(chain, blocks);
    if (table_.find(chain[blocks]) == kEnds) break;
  }
  return blocks;
}

std::uint32_t BlockLru::touch(std::span<const BlockHash> chain) {
  std::uint32_t last = kEnds;
  return promote(chain, last);
}

std::uint32_t BlockLru::insert(std::span<const BlockHash> chain, BlockChanges* changes) {
  if (chain.size() > capacity_blocks_) chain = chain.first(capacity_blocks_);
  std::uint32_t place = kEnds;
  const std::uint32_t cached = promote(chain, place);
  const auto new_blocks = chain.subspan(cached);
  const auto missing = static_cast<std::uint32_t>(new_blocks.size());
  table_.prefetch_first(new_blocks);  // Comes while others are evicted.
  // The chain's own blocks are at the front by now, so that none of them is evicted.
  if (table_.size() + missing > capacity_blocks_) {
    evict_least_recent(table_.size() + missing - capacity_blocks_, changes);
  }
  for (std::size_t i = 0; i < new_blocks.size(); ++i) {
    table_.prefetch_ahead(new_blocks, i);
    const BlockHash& hash = new_blocks[i];
    const std::uint32_t size_before = table_.size();
    const std::uint32_t block = table_.insert(hash);
    if (table_.size() == size_before) {
      // Not a chain (a hash twice, or under another parent): keep the list sound.
      if (place == block) place = links(block).previous;
      unlink(block);
    } else if (changes != nullptr) {
      changes->stored.push_back(hash);
    }
    link_after(place, block);
    place = block;
  }
  return cached;
}

bool BlockLru::erase(const BlockHash& hash) {
  const std::uint32_t block = table_.find(hash);
  if (block == kEnds) return false;
  unlink(block);
  table_.erase(block);
  return true;
}

void BlockLru::clear() {
  table_.clear();
  ends_ = {};
}

void BlockLru::unlink(std::uint32_t block) {
  const Links around = links(block);
  links(around.previous).next = around.next;
  links(around.next).previous = around.previous;
}

void BlockLru::link_after(std::uint32_t place, std::uint32_t block) {
  const std::uint32_t next = links(place).next;
  links(block) = {place, next};
  links(place).next = block;
  links(next).previous = block;
}

void BlockLru::evict_least_recent(std::uint32_t count, BlockChanges* changes) {
  victims_.clear();
  std::uint32_t block = ends_.previous;
  for (; victims_.size() < count; block = links(block).previous) {
    RINGMASTER_CHECK(block != kEnds);
    victims_.push_back(block);
    table_.prefetch(table_.hash(block));
  }
  ends_.previous = block;
  links(block).next = kEnds;
  for (const std::uint32_t victim : victims_) {
    if (changes != nullptr) changes->removed.push_back(table_.hash(victim));
    table_.erase(victim);
  }
}

std::uint32_t BlockLru::promote(std::span<const BlockHash> chain, std::uint32_t& last) {
  std::uint32_t blocks = 0;
  std::uint32_t place = kEnds;
  for (const BlockHash& hash : chain) {
    table_.prefetch_ahead(chain, blocks);
    const std::uint32_t block = table_.find(hash);
    if (block == kEnds) break;
    ++blocks;
    // Blocks that are already in their place (a chain used last time too) need no relinking.
    if (links(place).next != block && place != block) {
      unlink(block);
      link_after(place, block);
    }
    place = block;
  }
  last = place;
  return blocks;
}

}  // namespace ringmaster
