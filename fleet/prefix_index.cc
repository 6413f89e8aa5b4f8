#include "fleet/prefix_index.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ringmaster {

PrefixIndex::PrefixIndex(std::uint32_t blocks_max) : blocks_max_(blocks_max) {}

void PrefixIndex::store(InstanceId instance, std::span<const BlockHash> blocks) {
  const std::uint32_t slot = instance.value;
  if (slot >= blocks_by_slot_.size()) blocks_by_slot_.resize(slot + 1);
  sets_.make_room_for(slot + 1);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    table_.prefetch_ahead(blocks, i);
    if (table_.size() >= blocks_max_ && table_.find(blocks[i]) == Table::kAbsent) {
      ++refused_blocks_;
      continue;
    }
    const std::uint32_t number = table_.insert(blocks[i]);
    if (sets_.insert(table_.value(number), slot)) ++blocks_by_slot_[slot];
  }
}

void PrefixIndex::remove(InstanceId instance, std::span<const BlockHash> blocks) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    table_.prefetch_ahead(blocks, i);
    const std::uint32_t number = table_.find(blocks[i]);
    if (number != Table::kAbsent) drop(number, instance.value);
  }
}

void PrefixIndex::drop(std::uint32_t number, std::uint32_t slot) {
  HolderSet& holders = table_.value(number);
  if (!sets_.erase(holders, slot)) return;
  --blocks_by_slot_[slot];
  if (holders.empty()) table_.erase(number);
}

void PrefixIndex::clear(InstanceId instance) {
  // Numbers not in use have no holders, so they are passed over.
  for (std::uint32_t number = 0; blocks_of(instance) > 0 && number < table_.number_bound();
       ++number) {
    drop(number, instance.value);
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
    const HolderSet& holders = table_.value(number);
    for (std::uint64_t rest = alive; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(rest));
      if (sets_.contains(holders, instances[i].value)) {
        ++blocks[i];
      } else {
        alive &= ~(std::uint64_t{1} << i);
      }
    }
  }
}

template <class AtDepth>
std::size_t PrefixIndex::walk(std::span<const BlockHash> chain, const AtDepth& at_depth) const {
  for (std::size_t depth = 0; depth < chain.size(); ++depth) {
    table_.prefetch_ahead(chain, depth);
    const std::uint32_t number = table_.find(chain[depth]);
    if (number == Table::kAbsent) return depth;
    if (depth == 0) {
      shared_.assign(sets_, table_.value(number));
    } else if (!shared_.retain(sets_, table_.value(number))) {
      return depth;
    }
    at_depth();
  }
  return chain.size();
}

void PrefixIndex::cached_blocks_by_slot(std::span<const BlockHash> chain,
                                        std::span<std::uint32_t> blocks) const {
  std::ranges::fill(blocks, 0U);
  // A slot's count is raised at every depth it still has, not set once at its end: the first
  // depths are the ones many instances have, and after them the sets are nearly empty.
  walk(chain, [&] {
    shared_.for_each([&](std::uint32_t slot) {
      if (slot < blocks.size()) ++blocks[slot];
    });
  });
}

std::size_t PrefixIndex::longest_holders(std::span<const BlockHash> chain,
                                         std::span<InstanceId> holders) const {
  if (walk(chain, [] {}) == 0) return 0;
  std::size_t count = 0;
  shared_.for_each([&](std::uint32_t slot) {
    if (count < holders.size()) holders[count++] = {slot};
  });
  return count;
}

}  // namespace ringmaster
