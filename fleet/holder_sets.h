#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringmaster {

/// The slots of the instances that have one block, in eight bytes. Empty by default; anything else
/// only through the HolderSets that it belongs to.
class HolderSet {
 public:
  [[nodiscard]] bool empty() const { return bits_ == 0; }

 private:
  friend class HolderSets;

  // The two top bits tell the form. A mask holds slots below kMaskSlots, so that a fleet no larger
  // than that knows no other form; a list up to kListMax slots, rising; a row's number is all
  // there is room for where more instances of a large fleet share a block.
  enum Form : std::uint64_t { kMask = 0, kList = 2, kRow = 3 };
  static constexpr unsigned kFormShift = 62;
  static constexpr std::uint32_t kMaskSlots = 62;
  static constexpr unsigned kListMax = 3;
  static constexpr unsigned kSlotBits = 20;
  static constexpr std::uint64_t kNoSlot = (1U << kSlotBits) - 1;

  [[nodiscard]] Form form() const { return static_cast<Form>(bits_ >> kFormShift); }
  [[nodiscard]] std::uint64_t listed(unsigned place) const {
    return bits_ >> (place * kSlotBits) & kNoSlot;
  }
  [[nodiscard]] std::size_t row() const { return bits_ & 0xffff'ffffU; }

  std::uint64_t bits_ = 0;
};

/// The sets of holders of many blocks.
///
/// Most blocks are on one to three instances, however large the fleet: those sets lie in their
/// eight bytes and cost no further cache line. Only blocks that many share (a system prompt) have
/// a row of one bit per slot, 8 bytes per 64 slots.
class HolderSets {
 public:
  /// Requires: slot < slot_bound().
  bool insert(HolderSet& set, std::uint32_t slot);  ///< False if it is in the set already.
  bool erase(HolderSet& set, std::uint32_t slot);   ///< False if it was not in the set.

  [[nodiscard]] bool contains(const HolderSet& set, std::uint32_t slot) const {
    switch (set.form()) {
      case HolderSet::kMask:
        return slot < HolderSet::kMaskSlots && (set.bits_ >> slot & 1U) != 0;
      case HolderSet::kList:
        return set.listed(0) == slot || set.listed(1) == slot || set.listed(2) == slot;
      case HolderSet::kRow:
        return (row_word(set, slot / 64) >> (slot % 64) & 1U) != 0;
    }
    return false;
  }

  /// Calls visit(slot) for each slot of the set, rising.
  template <class Visit>
  void for_each(const HolderSet& set, const Visit& visit) const {
    if (set.form() == HolderSet::kList) {
      for (unsigned place = 0; place < HolderSet::kListMax; ++place) {
        if (set.listed(place) == HolderSet::kNoSlot) return;
        visit(static_cast<std::uint32_t>(set.listed(place)));
      }
      return;
    }
    for (std::uint32_t i = 0; i < word_count(set); ++i) {
      for (std::uint64_t rest = word(set, i); rest != 0; rest &= rest - 1) {
        visit(i * 64 + static_cast<std::uint32_t>(std::countr_zero(rest)));
      }
    }
  }

  /// Whether the set lists its few slots. Any other can be read by words of 64 slots.
  [[nodiscard]] bool is_list(const HolderSet& set) const { return set.form() == HolderSet::kList; }
  /// Requires: !is_list(set).
  [[nodiscard]] std::uint32_t word_count(const HolderSet& set) const {
    return set.form() == HolderSet::kMask ? 1 : row_words_;
  }
  /// Bit = slot - 64 * word. Requires: !is_list(set), word < word_count(set).
  [[nodiscard]] std::uint64_t word(const HolderSet& set, std::uint32_t word) const {
    return set.form() == HolderSet::kMask ? set.bits_ : row_word(set, word);
  }

  /// Makes room for slots below the bound: O(rows) where it grows past a multiple of 64.
  /// Requires: bound < 2^20.
  void make_room_for(std::uint32_t bound);

  /// Rows in use, for tests.
  [[nodiscard]] std::size_t row_count() const { return row_sizes_.size() - free_rows_.size(); }

 private:
  [[nodiscard]] const std::uint64_t& row_word(const HolderSet& set, std::uint32_t word) const {
    return rows_.data()[set.row() * row_words_ + word];
  }
  void write_list(HolderSet& set, const std::uint32_t* slots, unsigned count);
  void write_row(HolderSet& set, const std::uint32_t* slots, unsigned count);
  void shrink_row(HolderSet& set);

  std::uint32_t row_words_ = 0;
  std::vector<std::uint64_t> rows_;       ///< [row][word], bit = slot.
  std::vector<std::uint32_t> row_sizes_;  ///< Slots in each row.
  std::vector<std::uint32_t> free_rows_;  ///< All their bits are clear.
};

}  // namespace ringmaster
