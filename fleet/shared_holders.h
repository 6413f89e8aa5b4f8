#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "fleet/holder_sets.h"

namespace ringmaster {

/// The slots that are in every one of a row of holder sets: the instances that still have all
/// blocks of a chain on a walk along it. Keep one for many walks; its memory is used again.
class SharedHolders {
 public:
  /// Begins with one set.
  void assign(const HolderSets& sets, const HolderSet& set);

  /// Drops what is not in the set. False, and nothing is dropped, if none would be left.
  /// O(3) from the first set on that is a list, else O(slots / 64).
  bool retain(const HolderSets& sets, const HolderSet& set);

  /// Calls visit(slot) for each, rising.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const std::uint32_t slot : list_) visit(slot);
    for (std::uint32_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        visit(i * 64 + static_cast<std::uint32_t>(std::countr_zero(rest)));
      }
    }
  }

 private:
  // One of the two is empty.
  std::vector<std::uint32_t> list_;
  std::vector<std::uint64_t> words_;  ///< Bit = slot.
};

}  // namespace ringmaster
