#include "engine/block_pool.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster::engine {

BlockPool::BlockPool(std::int32_t block_count, std::int32_t block_tokens, KvEventLog& events)
    : block_tokens_(block_tokens), events_(events), index_(block_count) {
  RINGMASTER_CHECK(block_tokens > 0);
  blocks_.resize(static_cast<std::size_t>(block_count));
  tokens_.resize(blocks_.size() * static_cast<std::size_t>(block_tokens));
  for (BlockId block = 0; block < block_count; ++block) push_back(block);
}

std::int32_t BlockPool::cached_blocks(std::span<const BlockHash> chain, TokenSpan tokens,
                                      std::int32_t blocks_max) const {
  const auto width = static_cast<std::size_t>(block_tokens_);
  std::int32_t count = 0;
  for (; count < blocks_max; ++count) {
    const auto j = static_cast<std::size_t>(count);
    const BlockId block = index_.find(chain[j]);
    if (block == kNone) break;
    if (!std::ranges::equal(tokens_of(block), tokens.subspan(j * width, width))) break;
  }
  return count;
}

void BlockPool::take_cached(std::span<const BlockHash> chain, std::int32_t count,
                            std::vector<BlockId>& table) {
  for (const BlockHash& hash : chain.first(static_cast<std::size_t>(count))) {
    const BlockId block = index_.find(hash);
    RINGMASTER_CHECK(block != kNone);
    if (at(block).references == 0) unlink(block);
    ++at(block).references;
    table.push_back(block);
  }
}

std::int32_t BlockPool::free_among_cached(std::span<const BlockHash> chain,
                                          std::int32_t count) const {
  const auto taken = chain.first(static_cast<std::size_t>(count));
  return static_cast<std::int32_t>(std::ranges::count_if(taken, [this](const BlockHash& hash) {
    const BlockId block = index_.find(hash);
    return block != kNone && at(block).references == 0;
  }));
}

BlockId BlockPool::allocate() {
  RINGMASTER_CHECK(free_count_ > 0);
  const BlockId block = free_front_;
  unlink(block);
  if (at(block).is_indexed) evict(block);
  at(block).references = 1;
  return block;
}

void BlockPool::index(BlockId block, const BlockHash& hash, TokenSpan tokens) {
  RINGMASTER_CHECK(at(block).references > 0 && !at(block).is_indexed);
  RINGMASTER_CHECK(tokens.size() == static_cast<std::size_t>(block_tokens_));
  if (index_.find(hash) != kNone) return;
  index_.insert(hash, block);
  at(block).hash = hash;
  at(block).is_indexed = true;
  std::ranges::copy(tokens, tokens_of(block).begin());
  events_.note_stored(hash);
}

void BlockPool::release(std::span<const BlockId> table) {
  for (auto it = table.rbegin(); it != table.rend(); ++it) {
    Block& block = at(*it);
    RINGMASTER_CHECK(block.references > 0);
    if (--block.references > 0) continue;
    if (block.is_indexed) {
      push_back(*it);
    } else {
      push_front(*it);
    }
  }
}

void BlockPool::clear_cache() {
  for (Block& block : blocks_) block.is_indexed = false;
  index_.clear();
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

void BlockPool::push_front(BlockId block) {
  at(block).previous = kNone;
  at(block).next = free_front_;
  (free_front_ == kNone ? free_back_ : at(free_front_).previous) = block;
  free_front_ = block;
  ++free_count_;
}

void BlockPool::push_back(BlockId block) {
  at(block).previous = free_back_;
  at(block).next = kNone;
  (free_back_ == kNone ? free_front_ : at(free_back_).next) = block;
  free_back_ = block;
  ++free_count_;
}

void BlockPool::unlink(BlockId block) {
  const BlockId previous = at(block).previous;
  const BlockId next = at(block).next;
  (previous == kNone ? free_front_ : at(previous).next) = next;
  (next == kNone ? free_back_ : at(next).previous) = previous;
  --free_count_;
}

void BlockPool::evict(BlockId block) {
  index_.erase(at(block).hash);
  at(block).is_indexed = false;
  events_.note_removed(at(block).hash);
}

}  // namespace ringmaster::engine
