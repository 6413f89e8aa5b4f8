#include "tokens/merge_table.h"

#include <bit>

namespace ringmaster {

MergeTable::MergeTable(const std::vector<Merge>& merges) {
  if (merges.empty()) return;
  slots_.resize(std::bit_ceil(merges.size() * 2));
  shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots_.size()));
  std::uint32_t rank = 0;
  for (const Merge& merge : merges) {
    const std::uint64_t key = key_of(merge.left, merge.right);
    std::size_t slot = slot_of(key);
    while (slots_[slot].key != kEmpty && slots_[slot].key != key) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = {key, {rank++, merge.result}};
  }
}

}  // namespace ringmaster
