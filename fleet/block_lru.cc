#include "fleet/block_lru.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster {

BlockLru::BlockLru(std::uint32_t capacity_blocks) : capacity_blocks_(capacity_blocks), links_(1) {
  RINGMASTER_CHECK(capacity_blocks < 1U << 30U);
}

std::uint32_t BlockLru::cached_blocks(std::span<const BlockHash> chain) const {
  std::uint32_t blocks = 0;
  while (blocks < chain.size() && table_.find(chain[blocks]) != BlockTable::kAbsent) ++blocks;
  return blocks;
}

std::uint32_t BlockLru::touch(std::span<const BlockHash> chain) {
  std::uint32_t last = 0;
  return promote(chain, last);
}

std::uint32_t BlockLru::insert(std::span<const BlockHash> chain, BlockChanges* changes) {
  if (chain.size() > capacity_blocks_) chain = chain.first(capacity_blocks_);
  std::uint32_t place = 0;
  const std::uint32_t cached = promote(chain, place);
  const auto missing = static_cast<std::uint32_t>(chain.size()) - cached;
  // The chain's own blocks are at the front by now, so that none of them is evicted.
  while (table_.size() + missing > capacity_blocks_) evict_least_recent(changes);
  for (const BlockHash& hash : chain.subspan(cached)) {
    const std::uint32_t size_before = table_.size();
    const std::uint32_t link = table_.insert(hash) + 1;
    if (link >= links_.size()) links_.resize(link + 1);
    if (table_.size() == size_before) {
      unlink(link);  // Not a chain (a hash twice, or under another parent): keep the list sound.
      if (place == link) place = links_[link].previous;
    } else if (changes != nullptr) {
      changes->stored.push_back(hash);
    }
    link_after(place, link);
    place = link;
  }
  return cached;
}

bool BlockLru::erase(const BlockHash& hash) {
  const std::uint32_t number = table_.find(hash);
  if (number == BlockTable::kAbsent) return false;
  unlink(number + 1);
  table_.erase(number);
  return true;
}

void BlockLru::clear() {
  table_.clear();
  links_.assign(1, Links{});
}

void BlockLru::unlink(std::uint32_t link) {
  const Links links = links_[link];
  links_[links.previous].next = links.next;
  links_[links.next].previous = links.previous;
}

void BlockLru::link_after(std::uint32_t place, std::uint32_t link) {
  const std::uint32_t next = links_[place].next;
  links_[link] = {place, next};
  links_[place].next = link;
  links_[next].previous = link;
}

void BlockLru::evict_least_recent(BlockChanges* changes) {
  const std::uint32_t link = links_[0].previous;
  RINGMASTER_CHECK(link != 0);
  unlink(link);
  if (changes != nullptr) changes->removed.push_back(table_.hash(link - 1));
  table_.erase(link - 1);
}

std::uint32_t BlockLru::promote(std::span<const BlockHash> chain, std::uint32_t& last) {
  std::uint32_t blocks = 0;
  std::uint32_t place = 0;
  for (const BlockHash& hash : chain) {
    const std::uint32_t number = table_.find(hash);
    if (number == BlockTable::kAbsent) break;
    const std::uint32_t link = number + 1;
    ++blocks;
    // Blocks that are already in their place (a chain used last time too) need no relinking.
    if (links_[place].next != link && place != link) {
      unlink(link);
      link_after(place, link);
    }
    place = link;
  }
  last = place;
  return blocks;
}

}  // namespace ringmaster
