#include "fleet/prefix_index.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ringmaster {

PrefixIndex::PrefixIndex(std::uint32_t blocks_max) : blocks_max_(blocks_max) {}

void PrefixIndex::make_room_for(std::uint32_t slot) {
  if (slot >= blocks_by_slot_.size()) blocks_by_slot_.resize(slot + 1);
  const std::uint32_t needed = slot / 64;
  if (needed > more_words_) {
    std::vector<std::uint64_t> wider(std::size_t{table_.number_bound()} * needed);
    for (std::size_t number = 0; number < table_.number_bound(); ++number) {
      for (std::size_t word = 0; word < more_words_; ++word) {
        wider[number * needed + word] = more_holders_[number * more_words_ + word];
      }
    }
    more_holders_ = std::move(wider);
    more_words_ = needed;
  }
}

void PrefixIndex::store(InstanceId instance, std::span<const BlockHash> blocks) {
  const std::uint32_t slot = instance.value;
  make_room_for(slot);
  const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    table_.prefetch_ahead(blocks, i);
    if (table_.size() >= blocks_max_ && table_.find(blocks[i]) == Table::kAbsent) {
      ++refused_blocks_;
      continue;
    }
    const std::uint32_t number = table_.insert(blocks[i]);
    const std::size_t words_needed = std::size_t{table_.number_bound()} * more_words_;
    if (more_holders_.size() < words_needed) more_holders_.resize(words_needed);
    std::uint64_t& word = word_of(number, slot);
    if ((word & bit) == 0) ++blocks_by_slot_[slot];
    word |= bit;
  }
}

void PrefixIndex::remove(InstanceId instance, std::span<const BlockHash> blocks) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    table_.prefetch_ahead(blocks, i);
    const std::uint32_t number = table_.find(blocks[i]);
    if (number != Table::kAbsent && holds(number, instance.value)) drop(number, instance.value);
  }
}

bool PrefixIndex::is_held(std::uint32_t number) const {
  const auto more =
      std::span(more_holders_).subspan(std::size_t{number} * more_words_, more_words_);
  return table_.value(number) != 0 ||
         std::ranges::any_of(more, [](std::uint64_t word) { return word != 0; });
}

void PrefixIndex::drop(std::uint32_t number, std::uint32_t slot) {
  word_of(number, slot) &= ~(std::uint64_t{1} << (slot % 64));
  --blocks_by_slot_[slot];
  if (is_held(number)) return;
  // Nobody holds an unused number: clear() relies on it.
  table_.erase(number);
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
    table_.prefetch_ahead(chain, depth);
    const std::uint32_t number = table_.find(chain[depth]);
    if (number == Table::kAbsent) return;
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
  const std::size_t words = more_words_ + 1;
  alive_.assign(words, ~std::uint64_t{0});
  // A slot's count is raised at every depth it still has, not set once at its end: the first
  // depths are the ones many instances have, and after them the sets are nearly empty.
  for (std::size_t depth = 0; depth < chain.size(); ++depth) {
    table_.prefetch_ahead(chain, depth);
    const std::uint32_t number = table_.find(chain[depth]);
    if (number == Table::kAbsent) return;
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words; ++word) {
      alive_[word] &= word == 0 ? table_.value(number)
                                : more_holders_[std::size_t{number} * more_words_ + word - 1];
      any |= alive_[word];
      for (std::uint64_t rest = alive_[word]; rest != 0; rest &= rest - 1) {
        const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(rest));
        if (slot < blocks.size()) ++blocks[slot];
      }
    }
    if (any == 0) return;
  }
}

std::size_t PrefixIndex::longest_holders(std::span<const BlockHash> chain,
                                         std::span<InstanceId> holders) const {
  const std::size_t words = more_words_ + 1;
  alive_.assign(words, 0);
  for (std::size_t depth = 0; depth < chain.size(); ++depth) {
    table_.prefetch_ahead(chain, depth);
    const std::uint32_t number = table_.find(chain[depth]);
    if (number == Table::kAbsent) break;
    const auto holding = [&](std::size_t word) {
      return word == 0 ? table_.value(number)
                       : more_holders_[std::size_t{number} * more_words_ + word - 1];
    };
    const auto left = [&](std::size_t word) {
      return depth == 0 ? holding(word) : alive_[word] & holding(word);
    };
    std::uint64_t any = 0;
    for (std::size_t word = 0; word < words; ++word) any |= left(word);
    if (any == 0) break;
    for (std::size_t word = 0; word < words; ++word) alive_[word] = left(word);
  }
  std::size_t count = 0;
  for (std::size_t word = 0; word < words; ++word) {
    for (std::uint64_t rest = alive_[word]; rest != 0 && count < holders.size(); rest &= rest - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(rest));
      holders[count++] = {static_cast<std::uint32_t>(word) * 64 + bit};
    }
  }
  return count;
}

}  // namespace ringmaster
