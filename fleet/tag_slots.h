#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace ringmaster {

/// Finds the number of a thing by 32 mixed bits of its hash, the tag: open addressing over (tag,
/// number) pairs with linear probing and backward-shift deletion, at most half full. Whether a
/// number with the tag is the one wanted, the caller says. No allocation but for growth by
/// doubling.
class TagSlots {
 public:
  static constexpr std::uint32_t kAbsent = 0xffff'ffff;

  TagSlots() : slots_(kSlotsAtFirst) { fit_to_slots(); }

  /// The place of the number that has the tag and that `is_wanted` accepts, or the empty one where
  /// it would go. Valid until the next change.
  template <class IsWanted>
  [[nodiscard]] std::size_t find(std::uint32_t tag, const IsWanted& is_wanted) const {
    std::size_t i = home_of(tag);
    while (slot(i).number != kAbsent && (slot(i).tag != tag || !is_wanted(slot(i).number))) {
      i = (i + 1) & mask_;
    }
    return i;
  }
  /// kAbsent if the place is empty.
  [[nodiscard]] std::uint32_t number_at(std::size_t place) const { return slot(place).number; }

  /// Requires: find() has said that the place is the tag's, and it is empty.
  void fill(std::size_t place, std::uint32_t tag, std::uint32_t number) {
    slot(place) = {tag, number};
    if (++size_ > slots_.size() / 2) grow();
  }

  /// Requires: the number is there with the tag.
  void erase(std::uint32_t tag, std::uint32_t number) {
    std::size_t hole = home_of(tag);
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
    --size_;
  }

  void clear() {
    std::ranges::fill(slots_, Slot{});
    size_ = 0;
  }

  /// Brings nearer what find() will read first.
  void prefetch(std::uint32_t tag) const { __builtin_prefetch(&slot(home_of(tag))); }
  /// The number that find() will most likely be asked about; kAbsent if it cannot be told.
  [[nodiscard]] std::uint32_t likely_number(std::uint32_t tag) const {
    const Slot& home = slot(home_of(tag));
    return home.tag == tag ? home.number : kAbsent;
  }

  [[nodiscard]] std::uint32_t size() const { return size_; }

 private:
  static constexpr std::size_t kSlotsAtFirst = 64;

  struct Slot {
    std::uint32_t tag = 0;  ///< Its top bits are the home slot.
    std::uint32_t number = kAbsent;
  };

  // Unchecked on purpose: these are the innermost loads of every lookup, and the own invariants
  // bound the indices.
  [[nodiscard]] Slot& slot(std::size_t i) { return slots_.data()[i]; }
  [[nodiscard]] const Slot& slot(std::size_t i) const { return slots_.data()[i]; }

  [[nodiscard]] std::size_t home_of(std::uint32_t tag) const { return tag >> shift_; }

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
  std::size_t mask_ = 0;
  unsigned shift_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace ringmaster
