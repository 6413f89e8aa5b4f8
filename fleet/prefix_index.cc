#include "fleet/prefix_index.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ringmaster {

PrefixIndex::PrefixIndex(std::uint32_t blocks_max) : blocks_max_(blocks_max) {}

void PrefixIndex::make_room_for(std::uint32_t slot) {
  if (slot >= blocks_by_slot_.size()) blocks_by_slot_.resize(slot + 1);
  const std::uint32_t needed = slot / 64 + 1;
  if (needed <= words_) return;
  std::vector<std::uint64_t> wider(std::size_t{table_.number_bound()} * needed);
  for (std::size_t number = 0; number < table_.number_bound(); ++number) {
    std::copy_n(holders_.begin() + static_cast<std::ptrdiff_t>(number * words_), words_,
                wider.begin() + static_cast<std::ptrdiff_t>(number * needed));
  }
  holders_ = std::move(wider);
  words_ = needed;
}

void PrefixIndex::store(InstanceId instance, const BlockHash& block) {
  const std::uint32_t slot = instance.value;
  make_room_for(slot);
  if (table_.size() >= blocks_max_ && table_.find(block) == BlockTable::kAbsent) {
    ++refused_blocks_;
    return;
  }
  const std::uint32_t number = table_.insert(block);
  const std::size_t words_needed = std::size_t{table_.number_bound()} * words_;
  if (holders_.size() < words_needed) holders_.resize(words_needed);
  std::uint64_t& word = holders_[std::size_t{number} * words_ + slot / 64];
  const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
  if ((word & bit) == 0) ++blocks_by_slot_[slot];
  word |= bit;
}

void PrefixIndex::remove(InstanceId instance, const BlockHash& block) {
  const std::uint32_t number = table_.find(block);
  if (number != BlockTable::kAbsent && holds(number, instance.value)) drop(number, instance.value);
}

void PrefixIndex::drop(std::uint32_t number, std::uint32_t slot) {
  const auto words = std::span(holders_).subspan(std::size_t{number} * words_, words_);
  words[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  --blocks_by_slot_[slot];
  if (std::ranges::all_of(words, [](std::uint64_t word) { return word == 0; })) {
    table_.erase(number);
  }
}

void PrefixIndex::clear(InstanceId instance) {
  // Numbers not in use have no holders, so they are passed over.
  for (std::uint32_t number = 0; blocks_of(instance) > 0 && number < table_.number_bound();
       ++number) {
    if (holds(number, instance.value)) drop(number, instance.value);
  }
}

void PrefixIndex::cached_blocks(std::span<const BlockHash> chain,
                                std::span<const InstanceId> instances,
                                std::span<std::uint32_t> blocks) const {
  RINGMASTER_CHECK(instances.size() <= 64 && blocks.size() == instances.size());
  std::ranges::fill(blocks, 0U);
  std::uint64_t alive = 0;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    if (blocks_of(instances[i]) > 0) alive |= std::uint64_t{1} << i;
  }
  for (std::size_t depth = 0; depth < chain.size() && alive != 0; ++depth) {
    const std::uint32_t number = table_.find(chain[depth]);
    if (number == BlockTable::kAbsent) return;
    for (std::uint64_t rest = alive; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(rest));
      if (holds(number, instances[i].value)) {
        ++blocks[i];
      } else {
        alive &= ~(std::uint64_t{1} << i);
      }
    }
  }
}

void PrefixIndex::cached_blocks_by_slot(std::span<const BlockHash> chain,
                                        std::span<std::uint32_t> blocks) const {
  std::ranges::fill(blocks, 0U);
  // A slot's count is raised at every depth it still has, not set once at its end: the first
  // depths are the ones many instances have, and after them the sets are nearly empty.
  std::vector<std::uint64_t>& alive = alive_;
  alive.assign(words_, ~std::uint64_t{0});
  for (std::size_t depth = 0; depth < chain.size(); ++depth) {
    const std::uint32_t number = table_.find(chain[depth]);
    if (number == BlockTable::kAbsent) return;
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words_; ++word) {
      alive[word] &= holders_[std::size_t{number} * words_ + word];
      any |= alive[word];
      for (std::uint64_t rest = alive[word]; rest != 0; rest &= rest - 1) {
        const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(rest));
        if (slot < blocks.size()) ++blocks[slot];
      }
    }
    if (any == 0) return;
  }
}

}  // namespace ringmaster
