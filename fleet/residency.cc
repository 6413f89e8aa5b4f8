#include "fleet/residency.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster {

void Residency::add(InstanceId instance, ResidencySource source, std::uint64_t kv_cache_tokens) {
  if (sources_.size() <= instance.value) sources_.resize(instance.value + 1);
  sources_[instance.value] = {
      .is_present = true, .kind = source, .kv_cache_tokens = kv_cache_tokens};
}

void Residency::remove(InstanceId instance) {
  if (instance.value >= sources_.size()) return;
  sources_[instance.value] = {};
  index_.clear(instance);
}

std::uint32_t Residency::prompt_computed(InstanceId instance, std::span<const BlockHash> chain,
                                         std::uint32_t block_tokens) {
  if (instance.value >= sources_.size()) return 0;
  Source& source = sources_[instance.value];
  if (!source.is_present || source.kind != ResidencySource::kMirror || chain.empty()) return 0;
  RINGMASTER_CHECK(block_tokens > 0);
  if (source.block_tokens != block_tokens) {
    index_.clear(instance);
    source.block_tokens = block_tokens;
    source.mirror = BlockLru::of_tokens(source.kv_cache_tokens, block_tokens);
  }
  changes_.clear();
  const std::uint32_t had = source.mirror->insert(chain, &changes_);
  index_.remove(instance, changes_.removed);
  if (index_.room() < changes_.stored.size()) {
    make_room(changes_.stored.size(), instance, chain.size());
  }
  index_.store(instance, changes_.stored);
  return had;
}

void Residency::make_room(std::size_t blocks, InstanceId instance, std::size_t kept) {
  while (index_.room() < blocks) {
    Source* largest = nullptr;
    std::size_t spare = 0;
    std::uint32_t largest_slot = 0;
    for (std::uint32_t slot = 0; slot < sources_.size(); ++slot) {
      if (!sources_[slot].mirror) continue;
      const std::size_t size = sources_[slot].mirror->size();
      const std::size_t own = slot == instance.value ? std::min(size, kept) : 0;
      if (size - own <= spare) continue;
      spare = size - own;
      largest = &sources_[slot];
      largest_slot = slot;
    }
    if (largest == nullptr) return;
    // Blocks that others have too make no room: hence the loop.
    const std::size_t count = std::min(spare, blocks - index_.room());
    evicted_.clear();
    largest->mirror->evict_least_recent(static_cast<std::uint32_t>(count), &evicted_);
    index_.remove({largest_slot}, evicted_.removed);
  }
}

void Residency::had_only(InstanceId instance, std::span<const BlockHash> chain,
                         std::uint32_t blocks) {
  if (instance.value >= sources_.size() || blocks >= chain.size()) return;
  Source& source = sources_[instance.value];
  if (source.kind != ResidencySource::kMirror || !source.mirror) return;
  const auto others = chain.subspan(blocks);
  for (const BlockHash& block : others) source.mirror->erase(block);
  index_.remove(instance, others);
}

bool Residency::has_events(InstanceId instance) const {
  return instance.value < sources_.size() && sources_[instance.value].is_present &&
         sources_[instance.value].kind == ResidencySource::kEvents;
}

void Residency::stored(InstanceId instance, std::span<const BlockHash> blocks) {
  if (has_events(instance)) index_.store(instance, blocks);
}

void Residency::removed(InstanceId instance, std::span<const BlockHash> blocks) {
  if (has_events(instance)) index_.remove(instance, blocks);
}

void Residency::cleared(InstanceId instance) {
  if (instance.value >= sources_.size()) return;
  index_.clear(instance);
  if (sources_[instance.value].mirror) sources_[instance.value].mirror->clear();
}

}  // namespace ringmaster
