#include "fleet/table_hotness.h"

#include <algorithm>

namespace ringmaster {
namespace {

// DualMap's official code: window of observations, samples needed, hot and cool shares, bound of
// each depth's table.
constexpr std::uint32_t kWindowObservations = 200;
constexpr std::size_t kSamplesMin = 20;
constexpr double kHotShare = 0.0612;
constexpr double kCoolShare = 0.02;
constexpr std::uint32_t kEntriesPerDepthMax = 10'000;

}  // namespace

TableHotness::TableHotness(const HotnessOptions& options)
    : window_observations_(options.window_requests != 0 ? options.window_requests
                                                        : kWindowObservations),
      key_blocks_max_(options.key_blocks_max) {}

std::uint32_t TableHotness::key_blocks(std::span<const BlockHash> chain) const {
  const auto limit = std::min<std::size_t>(chain.size(), key_blocks_max_);
  if (limit == 0) return 0;
  std::uint32_t depth = 1;
  while (depth < limit && depth <= expanded_by_depth_.size() &&
         expanded_by_depth_[depth - 1].cached_blocks(chain.subspan(depth - 1, 1)) == 1) {
    ++depth;
  }
  return depth;
}

void TableHotness::observe(std::span<const BlockHash> chain, std::uint32_t /*instance_count*/) {
  const std::uint32_t depth = key_blocks(chain);
  if (depth == 0) return;
  for (std::uint32_t d = 1; d < depth; ++d)
    expanded_by_depth_[d - 1].touch(chain.subspan(d - 1, 1));
  const auto limit = std::min<std::size_t>(chain.size(), key_blocks_max_);
  const double share = note(chain[depth - 1]);
  if (window_.size() >= kSamplesMin && share >= kHotShare && depth < limit) {
    while (expanded_by_depth_.size() < depth) expanded_by_depth_.emplace_back(kEntriesPerDepthMax);
    expanded_by_depth_[depth - 1].insert(chain.subspan(depth - 1, 1));
  }
  if (depth == 1) return;
  const double parent_share = note(chain[depth - 2]);
  if (parent_share < kCoolShare && depth <= expanded_by_depth_.size()) {
    expanded_by_depth_[depth - 1].erase(chain[depth - 1]);
  }
}

double TableHotness::note(const BlockHash& prefix) {
  if (window_.size() == window_observations_) {
    const std::uint32_t oldest = counts_.find(window_.front());
    if (--counts_.value(oldest) == 0) counts_.erase(oldest);
    window_.pop_front();
  }
  window_.push_back(prefix);
  const std::uint32_t count = ++counts_.value(counts_.insert(prefix));
  return static_cast<double>(count) / static_cast<double>(window_.size());
}

}  // namespace ringmaster
