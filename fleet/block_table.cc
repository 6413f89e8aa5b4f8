#include "fleet/block_table.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ringmaster {
namespace {

constexpr std::size_t kSlotsAtFirst = 64;
constexpr std::uint32_t kBlocksMax = 1U << 30U;

unsigned shift_for(std::size_t slots) { return 32U - static_cast<unsigned>(std::countr_zero(slots)); }

}  // namespace

BlockTable::BlockTable()
    : slots_(kSlotsAtFirst), mask_(kSlotsAtFirst - 1), shift_(shift_for(kSlotsAtFirst)) {}

std::uint32_t BlockTable::insert(const BlockHash& hash) {
  const std::uint32_t tag = tag_of(hash);
  std::size_t i = home_of(tag);
  for (; slots_[i].number != kAbsent; i = (i + 1) & mask_) {
    if (slots_[i].tag == tag && hashes_[slots_[i].number] == hash) return slots_[i].number;
  }
  RINGMASTER_CHECK(size_ < kBlocksMax);
  std::uint32_t number = 0;
  if (free_numbers_.empty()) {
    number = static_cast<std::uint32_t>(hashes_.size());
    hashes_.push_back(hash);
  } else {
    number = free_numbers_.back();
    free_numbers_.pop_back();
    hashes_[number] = hash;
  }
  slots_[i] = {tag, number};
  // At most half full: probes stay short, and a miss ends after two slots on average.
  if (++size_ > slots_.size() / 2) grow();
  return number;
}

void BlockTable::erase(std::uint32_t number) {
  std::size_t hole = home_of(tag_of(hashes_[number]));
  while (slots_[hole].number != number) {
    RINGMASTER_CHECK(slots_[hole].number != kAbsent);
    hole = (hole + 1) & mask_;
  }
  // Pull back every follower that probing would no longer reach across the hole.
  for (std::size_t i = (hole + 1) & mask_; slots_[i].number != kAbsent; i = (i + 1) & mask_) {
    const std::size_t distance_from_home = (i - home_of(slots_[i].tag)) & mask_;
    const std::size_t distance_from_hole = (i - hole) & mask_;
    if (distance_from_home >= distance_from_hole) {
      slots_[hole] = slots_[i];
      hole = i;
    }
  }
  slots_[hole] = {};
  free_numbers_.push_back(number);
  --size_;
}

void BlockTable::clear() {
  std::ranges::fill(slots_, Slot{});
  hashes_.clear();
  free_numbers_.clear();
  size_ = 0;
}

void BlockTable::place(std::uint32_t tag, std::uint32_t number) {
  std::size_t i = home_of(tag);
  while (slots_[i].number != kAbsent) i = (i + 1) & mask_;
  slots_[i] = {tag, number};
}

void BlockTable::grow() {
  std::vector<Slot> before(slots_.size() * 2);
  before.swap(slots_);
  mask_ = slots_.size() - 1;
  shift_ = shift_for(slots_.size());
  for (const Slot& slot : before) {
    if (slot.number != kAbsent) place(slot.tag, slot.number);
  }
}

}  // namespace ringmaster
