#include "engine/block_index.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ringmaster::engine {

BlockIndex::BlockIndex(std::int32_t block_count)
    : entries_(std::bit_ceil(2 * static_cast<std::size_t>(std::max(block_count, 1)))),
      mask_(entries_.size() - 1) {
  RINGMASTER_CHECK(block_count > 0);
}

std::size_t BlockIndex::slot_of(const BlockHash& hash) const {
  std::size_t slot = hash.low & mask_;
  while (entries_[slot].block != kNone && entries_[slot].hash != hash) slot = (slot + 1) & mask_;
  return slot;
}

BlockId BlockIndex::find(const BlockHash& hash) const {
  return entries_[slot_of(hash)].block;
}

void BlockIndex::insert(const BlockHash& hash, BlockId block) {
  Entry& entry = entries_[slot_of(hash)];
  RINGMASTER_CHECK(entry.block == kNone);
  entry = {.hash = hash, .block = block};
  ++size_;
}

void BlockIndex::erase(const BlockHash& hash) {
  std::size_t hole = slot_of(hash);
  RINGMASTER_CHECK(entries_[hole].block != kNone);
  // An entry behind the hole may fill it unless its own probe starts between the two.
  for (std::size_t slot = (hole + 1) & mask_; entries_[slot].block != kNone;
       slot = (slot + 1) & mask_) {
    const std::size_t start = entries_[slot].hash.low & mask_;
    if (((slot - start) & mask_) >= ((slot - hole) & mask_)) {
      entries_[hole] = entries_[slot];
      hole = slot;
    }
  }
  entries_[hole].block = kNone;
  --size_;
}

void BlockIndex::clear() {
  std::fill(entries_.begin(), entries_.end(), Entry{});
  size_ = 0;
}

}  // namespace ringmaster::engine
