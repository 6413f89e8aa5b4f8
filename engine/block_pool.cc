#include "engine/block_pool.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster::engine {

BlockPool::BlockPool(std::int32_t block_count, std::int32_t block_tokens, KvEventLog& events,
                     std::int32_t host_block_count)
    : block_tokens_(block_tokens),
      events_(events),
      index_(block_count),
      free_(block_count),
      host_(host_block_count, block_tokens, events) {
  RINGMASTER_CHECK(block_tokens > 0);
  blocks_.resize(static_cast<std::size_t>(block_count));
  tokens_.resize(blocks_.size() * static_cast<std::size_t>(block_tokens));
  for (BlockId block = 0; block < block_count; ++block) free_.push_back(block);
}

std::int32_t BlockPool::cached_blocks(std::span<const BlockHash> chain, TokenSpan tokens,
                                      std::int32_t blocks_max) const {
  const auto width = static_cast<std::size_t>(block_tokens_);
  std::int32_t count = 0;
  for (; count < blocks_max; ++count) {
    const auto j = static_cast<std::size_t>(count);
    const BlockId block = index_.find(chain[j]);
    const TokenSpan content = block != kNone ? tokens_of(block) : host_.find(chain[j]);
    if (!std::ranges::equal(content, tokens.subspan(j * width, width))) break;
  }
  return count;
}

void BlockPool::take_cached(std::span<const BlockHash> chain, std::int32_t count,
                            std::vector<BlockId>& table) {
  const auto hashes = chain.first(static_cast<std::size_t>(count));
  const std::size_t first = table.size();
  // All of them are out of reach before the first block is allocated, which may evict any other.
  // Until then a block of the host stands in the table as the complement of its number.
  for (const BlockHash& hash : hashes) {
    const BlockId block = index_.find(hash);
    table.push_back(block != kNone ? block : ~host_.take_out(hash));
    if (block != kNone && at(block).references++ == 0) free_.unlink(block);
  }
  for (std::size_t j = 0; j < hashes.size(); ++j) {
    BlockId& entry = table[first + j];
    if (entry >= 0) continue;
    const HostBlockId from = ~entry;
    entry = allocate();
    insert(entry, hashes[j], host_.load(from, entry));
  }
}

std::int32_t BlockPool::free_among_cached(std::span<const BlockHash> chain,
                                          std::int32_t count) const {
  const auto taken = chain.first(static_cast<std::size_t>(count));
  return static_cast<std::int32_t>(std::ranges::count_if(taken, [this](const BlockHash& hash) {
    const BlockId block = index_.find(hash);
    return block == kNone || at(block).references == 0;
  }));
}

BlockId BlockPool::allocate() {
  RINGMASTER_CHECK(free_count() > 0);
  const BlockId block = free_.front();
  free_.unlink(block);
  if (at(block).is_indexed) evict(block);
  at(block).references = 1;
  // The next one is evicted soon, and its entry is anywhere.
  const BlockId next = free_.front();
  if (next != kNone && at(next).is_indexed) index_.prefetch(at(next).hash);
  return block;
}

void BlockPool::index(BlockId block, const BlockHash& hash, TokenSpan tokens) {
  RINGMASTER_CHECK(at(block).references > 0 && !at(block).is_indexed);
  RINGMASTER_CHECK(tokens.size() == static_cast<std::size_t>(block_tokens_));
  if (index_.find(hash) != kNone) return;
  host_.forget(hash);
  insert(block, hash, tokens);
}

void BlockPool::release(std::span<const BlockId> table) {
  for (auto it = table.rbegin(); it != table.rend(); ++it) {
    Block& block = at(*it);
    RINGMASTER_CHECK(block.references > 0);
    if (--block.references > 0) continue;
    if (block.is_indexed) {
      free_.push_back(*it);
    } else {
      free_.push_front(*it);
    }
  }
}

void BlockPool::clear_cache() {
  for (Block& block : blocks_) block.is_indexed = false;
  index_.clear();
  host_.clear();
  events_.note_cleared();
}

std::vector<BlockHash> BlockPool::indexed_hashes() const {
  std::vector<BlockHash> hashes;
  hashes.reserve(static_cast<std::size_t>(index_.size()));
  for (const Block& block : blocks_) {
    if (block.is_indexed) hashes.push_back(block.hash);
  }
  return hashes;
}

std::span<TokenId> BlockPool::tokens_of(BlockId block) {
  const auto width = static_cast<std::size_t>(block_tokens_);
  return std::span(tokens_).subspan(static_cast<std::size_t>(block) * width, width);
}

TokenSpan BlockPool::tokens_of(BlockId block) const {
  const auto width = static_cast<std::size_t>(block_tokens_);
  return TokenSpan(tokens_).subspan(static_cast<std::size_t>(block) * width, width);
}

void BlockPool::insert(BlockId block, const BlockHash& hash, TokenSpan tokens) {
  index_.insert(hash, block);
  at(block).hash = hash;
  at(block).is_indexed = true;
  std::ranges::copy(tokens, tokens_of(block).begin());
  events_.note_stored(hash);
}

void BlockPool::evict(BlockId block) {
  index_.erase(at(block).hash);
  at(block).is_indexed = false;
  events_.note_removed(at(block).hash);
  host_.save(block, at(block).hash, tokens_of(block));
}

}  // namespace ringmaster::engine
