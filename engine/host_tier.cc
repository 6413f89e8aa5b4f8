#include "engine/host_tier.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ringmaster::engine {

HostTier::HostTier(std::int32_t block_count, std::int32_t block_tokens, KvEventLog& events)
    : block_tokens_(static_cast<std::size_t>(block_tokens)),
      events_(events),
      blocks_(static_cast<std::size_t>(block_count)),
      tokens_(blocks_.size() * block_tokens_),
      index_(std::max(block_count, 1)),
      next_(block_count) {
  RINGMASTER_CHECK(block_count >= 0 && block_tokens > 0);
  for (HostBlockId block = 0; block < block_count; ++block) next_.push_back(block);
}

TokenSpan HostTier::find(const BlockHash& hash) const {
  const HostBlockId block = index_.find(hash);
  if (block == kNone) return {};
  return TokenSpan(tokens_).subspan(first_token(block), block_tokens_);
}

void HostTier::save(BlockId from, const BlockHash& hash, TokenSpan tokens) {
  const HostBlockId block = next_.front();
  if (block == kNone) return;  // Nothing here, or all of it is about to be loaded.
  RINGMASTER_CHECK(tokens.size() == block_tokens_);
  if (at(block).is_indexed) drop(block);
  next_.unlink(block);
  next_.push_back(block);
  index_.insert(hash, block);
  at(block).hash = hash;
  at(block).is_indexed = true;
  std::ranges::copy(tokens, tokens_.begin() + static_cast<std::ptrdiff_t>(first_token(block)));
  // A content that never got here because this one takes its place need not be copied either.
  if (at(block).pending_save == kNone) {
    at(block).pending_save = static_cast<std::int32_t>(saves_.size());
    saves_.push_back({.device = from, .host = block});
    ++saved_blocks_;
  } else {
    saves_[static_cast<std::size_t>(at(block).pending_save)].device = from;
  }
  events_.note_stored(hash, KvMedium::kHost);
}

HostBlockId HostTier::take_out(const BlockHash& hash) {
  const HostBlockId block = index_.find(hash);
  RINGMASTER_CHECK(block != kNone);
  next_.unlink(block);
  drop(block);
  taken_out_.push_back(block);
  return block;
}

TokenSpan HostTier::load(HostBlockId from, BlockId to) {
  loads_.push_back({.device = to, .host = from});
  ++loaded_blocks_;
  return TokenSpan(tokens_).subspan(first_token(from), block_tokens_);
}

void HostTier::forget(const BlockHash& hash) {
  const HostBlockId block = index_.find(hash);
  if (block == kNone) return;
  drop(block);
  next_.unlink(block);
  next_.push_front(block);
}

void HostTier::clear() {
  for (Block& block : blocks_) block.is_indexed = false;
  index_.clear();
}

void HostTier::take_copies(std::vector<BlockCopy>& saves, std::vector<BlockCopy>& loads) {
  for (const BlockCopy& copy : saves_) at(copy.host).pending_save = kNone;
  for (const HostBlockId block : taken_out_) next_.push_front(block);
  taken_out_.clear();
  std::swap(saves, saves_);
  std::swap(loads, loads_);
  saves_.clear();
  loads_.clear();
}

std::vector<BlockHash> HostTier::indexed_hashes() const {
  std::vector<BlockHash> hashes;
  hashes.reserve(static_cast<std::size_t>(index_.size()));
  for (const Block& block : blocks_) {
    if (block.is_indexed) hashes.push_back(block.hash);
  }
  return hashes;
}

void HostTier::drop(HostBlockId block) {
  index_.erase(at(block).hash);
  at(block).is_indexed = false;
  events_.note_removed(at(block).hash, KvMedium::kHost);
}

}  // namespace ringmaster::engine
