#include "fleet/shared_holders.h"

#include <algorithm>

namespace ringmaster {

void SharedHolders::assign(const HolderSets& sets, const HolderSet& set) {
  list_.clear();
  words_.clear();
  if (sets.is_list(set)) {
    sets.for_each(set, [this](std::uint32_t slot) { list_.push_back(slot); });
    return;
  }
  for (std::uint32_t i = 0; i < sets.word_count(set); ++i) words_.push_back(sets.word(set, i));
}

bool SharedHolders::retain(const HolderSets& sets, const HolderSet& set) {
  const auto is_dropped = [&](std::uint32_t slot) { return !sets.contains(set, slot); };
  if (!list_.empty()) {
    if (std::ranges::all_of(list_, is_dropped)) return false;
    std::erase_if(list_, is_dropped);
    return true;
  }
  if (sets.is_list(set)) {
    sets.for_each(set, [this](std::uint32_t slot) {
      const std::uint64_t word = slot / 64 < words_.size() ? words_[slot / 64] : 0;
      if ((word >> (slot % 64) & 1U) != 0) list_.push_back(slot);
    });
    if (list_.empty()) return false;
    words_.clear();
    return true;
  }
  const std::size_t common = std::min<std::size_t>(words_.size(), sets.word_count(set));
  std::uint64_t any = 0;
  for (std::uint32_t i = 0; i < common; ++i) any |= words_[i] & sets.word(set, i);
  if (any == 0) return false;
  words_.resize(common);
  for (std::uint32_t i = 0; i < common; ++i) words_[i] &= sets.word(set, i);
  return true;
}

}  // namespace ringmaster
