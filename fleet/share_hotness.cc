#include "fleet/share_hotness.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster {
namespace {

constexpr std::uint32_t kWindowRequestsMin = 1000;
constexpr std::uint32_t kWindowRequestsPerInstance = 16;
/// Below it a share is chance. The official code waits for as many.
constexpr std::uint32_t kSamplesMin = 20;

/// A prefix as the tree knows it.
BlockHash node_key(std::uint64_t half_hash) {
  return {.low = half_hash, .high = 0};
}

}  // namespace

ShareHotness::ShareHotness(const HotnessOptions& options) : options_(options) {
  RINGMASTER_CHECK(options.key_blocks_max > 0);
  set_window(options.window_requests != 0 ? options.window_requests : kWindowRequestsMin);
}

std::span<std::uint64_t> ShareHotness::chain_of(std::uint32_t position) {
  return std::span(chains_).subspan(std::size_t{position} * options_.key_blocks_max,
                                    window_[position].blocks);
}

void ShareHotness::set_window(std::uint32_t requests) {
  // Rare (the fleet has grown or shrunk by much): start counting anew rather than copy the ring.
  nodes_.clear();
  window_.assign(requests, Observed{});
  chains_.resize(std::size_t{requests} * options_.key_blocks_max);
  next_ = 0;
  filled_ = 0;
}

std::uint32_t ShareHotness::key_blocks(std::span<const BlockHash> chain) const {
  const auto limit = std::min<std::size_t>(chain.size(), options_.key_blocks_max);
  std::uint32_t depth = std::min<std::uint32_t>(1, static_cast<std::uint32_t>(limit));
  for (; depth < limit; ++depth) {
    const std::uint32_t number = nodes_.find(node_key(chain[depth - 1].low));
    if (number == Nodes::kAbsent || !nodes_.value(number).is_expanded) break;
  }
  return depth;
}

void ShareHotness::observe(std::span<const BlockHash> chain, std::uint32_t instance_count) {
  if (chain.empty()) return;
  if (options_.window_requests == 0) {
    const std::uint32_t wanted =
        std::max(kWindowRequestsMin, kWindowRequestsPerInstance * instance_count);
    // Twice or half, so that a fleet that grows by one does not begin anew each time.
    if (wanted >= 2 * window_.size() || 2 * wanted <= window_.size()) set_window(wanted);
  }
  const std::uint32_t depth = key_blocks(chain);
  if (filled_ == window_.size()) forget(next_);
  const auto kept = std::min<std::size_t>(chain.size(), options_.key_blocks_max);
  window_[next_] = {static_cast<std::uint32_t>(kept), depth};
  const auto halves = chain_of(next_);
  std::ranges::transform(chain.first(kept), halves.begin(), &BlockHash::low);
  for (const std::uint64_t prefix : halves.first(depth)) count(prefix);
  next_ = after(next_);
  // What the next request will overwrite lies a whole window back, out of the near caches.
  if (window_[next_].counted > 0) nodes_.prefetch(node_key(chain_of(next_).front()));
  __builtin_prefetch(&chains_[std::size_t{after(next_)} * options_.key_blocks_max]);
  filled_ = std::min(filled_ + 1, static_cast<std::uint32_t>(window_.size()));
  adapt(chain.first(kept), depth, instance_count);
}

void ShareHotness::count(std::uint64_t prefix) {
  ++nodes_.value(nodes_.insert(node_key(prefix))).requests;
}

void ShareHotness::forget(std::uint32_t position) {
  for (const std::uint64_t prefix : chain_of(position).first(window_[position].counted)) {
    const std::uint32_t number = nodes_.find(node_key(prefix));
    if (--nodes_.value(number).requests == 0) nodes_.erase(number);
  }
}

void ShareHotness::adapt(std::span<const BlockHash> chain, std::uint32_t depth,
                         std::uint32_t instance_count) {
  if (filled_ < kSamplesMin) return;
  const auto share_times_n = [&](const Node& node) {
    return std::uint64_t{node.requests} * instance_count;
  };
  // Shares only fall along the path: the first cooled prefix is where the key must end.
  for (std::uint32_t d = 1; d < depth; ++d) {
    Node& node = nodes_.value(nodes_.find(node_key(chain[d - 1].low)));
    if (share_times_n(node) < filled_) {
      node.is_expanded = false;
      return;
    }
  }
  const Node& key = nodes_.value(nodes_.find(node_key(chain[depth - 1].low)));
  if (depth < chain.size() && share_times_n(key) > 2ULL * filled_) grow(chain, depth);
}

void ShareHotness::grow(std::span<const BlockHash> chain, std::uint32_t depth) {
  const std::uint64_t prefix = chain[depth - 1].low;
  nodes_.value(nodes_.find(node_key(prefix))).is_expanded = true;
  for (std::uint32_t position = 0; position < filled_; ++position) {
    Observed& observed = window_[position];
    const auto blocks = chain_of(position);
    if (observed.blocks <= depth || blocks[depth - 1] != prefix) continue;
    if (observed.counted == depth) {
      count(blocks[depth]);
      observed.counted = depth + 1;
    }
    if (observed.counted > depth)
      nodes_.value(nodes_.find(node_key(blocks[depth]))).is_expanded = false;
  }
}

}  // namespace ringmaster
