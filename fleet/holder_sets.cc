#include "fleet/holder_sets.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace ringmaster {
namespace {

/// Where a row gives way to a list again: below the size at which it was made, so that one
/// instance that comes and goes does not turn the set over each time.
constexpr std::uint32_t kShrinkAt = 2;

}  // namespace

void HolderSets::make_room_for(std::uint32_t bound) {
  RINGMASTER_CHECK(bound < HolderSet::kNoSlot);
  const std::uint32_t needed = (bound + 63) / 64;
  if (needed <= row_words_) return;
  std::vector<std::uint64_t> wider(row_sizes_.size() * needed);
  for (std::size_t row = 0; row < row_sizes_.size(); ++row) {
    std::copy_n(rows_.data() + row * row_words_, row_words_, wider.data() + row * needed);
  }
  rows_ = std::move(wider);
  row_words_ = needed;
}

bool HolderSets::insert(HolderSet& set, std::uint32_t slot) {
  if (contains(set, slot)) return false;
  if (set.form() == HolderSet::kRow) {
    rows_[set.row() * row_words_ + slot / 64] |= std::uint64_t{1} << (slot % 64);
    ++row_sizes_[set.row()];
    return true;
  }
  if (set.form() == HolderSet::kMask && slot < HolderSet::kMaskSlots) {
    set.bits_ |= std::uint64_t{1} << slot;
    return true;
  }
  std::array<std::uint32_t, HolderSet::kMaskSlots + 1> slots;
  unsigned count = 0;
  for_each(set, [&](std::uint32_t held) { slots[count++] = held; });
  const auto place = std::upper_bound(slots.begin(), slots.begin() + count, slot);
  std::copy_backward(place, slots.begin() + count, slots.begin() + count + 1);
  *place = slot;
  if (++count <= HolderSet::kListMax) {
    write_list(set, slots.data(), count);
  } else {
    write_row(set, slots.data(), count);
  }
  return true;
}

bool HolderSets::erase(HolderSet& set, std::uint32_t slot) {
  if (!contains(set, slot)) return false;
  switch (set.form()) {
    case HolderSet::kMask:
      set.bits_ &= ~(std::uint64_t{1} << slot);
      break;
    case HolderSet::kList: {
      std::array<std::uint32_t, HolderSet::kListMax> slots;
      unsigned count = 0;
      for_each(set, [&](std::uint32_t held) {
        if (held != slot) slots[count++] = held;
      });
      write_list(set, slots.data(), count);
      break;
    }
    case HolderSet::kRow:
      rows_[set.row() * row_words_ + slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
      if (--row_sizes_[set.row()] <= kShrinkAt) shrink_row(set);
      break;
  }
  return true;
}

void HolderSets::write_list(HolderSet& set, const std::uint32_t* slots, unsigned count) {
  set.bits_ = 0;
  if (count == 0) return;
  set.bits_ = std::uint64_t{HolderSet::kList} << HolderSet::kFormShift;
  for (unsigned place = 0; place < HolderSet::kListMax; ++place) {
    const std::uint64_t slot = place < count ? slots[place] : HolderSet::kNoSlot;
    set.bits_ |= slot << (place * HolderSet::kSlotBits);
  }
}

void HolderSets::write_row(HolderSet& set, const std::uint32_t* slots, unsigned count) {
  if (free_rows_.empty()) {
    free_rows_.push_back(static_cast<std::uint32_t>(row_sizes_.size()));
    row_sizes_.push_back(0);
    rows_.resize(rows_.size() + row_words_);
  }
  const std::uint32_t row = free_rows_.back();
  free_rows_.pop_back();
  for (unsigned i = 0; i < count; ++i) {
    rows_[std::size_t{row} * row_words_ + slots[i] / 64] |= std::uint64_t{1} << (slots[i] % 64);
  }
  row_sizes_[row] = count;
  set.bits_ = std::uint64_t{HolderSet::kRow} << HolderSet::kFormShift | row;
}

void HolderSets::shrink_row(HolderSet& set) {
  std::array<std::uint32_t, kShrinkAt> slots;
  unsigned count = 0;
  for_each(set, [&](std::uint32_t held) { slots[count++] = held; });
  const std::size_t row = set.row();
  std::fill_n(rows_.begin() + static_cast<std::ptrdiff_t>(row * row_words_), row_words_, 0);
  row_sizes_[row] = 0;
  free_rows_.push_back(static_cast<std::uint32_t>(row));
  write_list(set, slots.data(), count);
}

}  // namespace ringmaster
