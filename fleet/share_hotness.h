#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fleet/block_table.h"
#include "fleet/prefix_hotness.h"

namespace ringmaster {

/// The paper's form: a tree of prefixes over a sliding window of requests.
///
///     share(prefix) = requests in the window that begin with it / requests in the window
///     share > 2/n: keys below it go one block deeper;  share < 1/n: back to this depth
///
/// Shares are exact at every depth in use: when a prefix grows, the window is counted again for
/// its children. Memory is bounded by the window: (8 + 8 * key_blocks_max) bytes a request, and its
/// nodes. Source: DualMap (arXiv 2602.06502), adaptive prefix length.
class ShareHotness final : public PrefixHotness {
 public:
  explicit ShareHotness(const HotnessOptions& options);

  [[nodiscard]] std::uint32_t key_blocks(std::span<const BlockHash> chain) const override;
  void observe(std::span<const BlockHash> chain, std::uint32_t instance_count) override;

  /// Prefixes being counted.
  [[nodiscard]] std::uint32_t node_count() const { return nodes_.size(); }
  [[nodiscard]] std::uint32_t observed_requests() const { return filled_; }

 private:
  /// One counted prefix.
  struct Node {
    std::uint32_t requests = 0;
    bool is_expanded = false;
  };
  /// One request of the window.
  struct Observed {
    std::uint32_t blocks = 0;   ///< Kept of its chain.
    std::uint32_t counted = 0;  ///< Leading ones that are counted in the tree.
  };

  using Nodes = BlockTable<Node>;

  [[nodiscard]] std::span<std::uint64_t> chain_of(std::uint32_t position);
  /// The place in the window that comes next.
  [[nodiscard]] std::uint32_t after(std::uint32_t position) const {
    return position + 1 == window_.size() ? 0 : position + 1;
  }
  void set_window(std::uint32_t requests);
  void count(std::uint64_t prefix);
  void forget(std::uint32_t position);
  void adapt(std::span<const BlockHash> chain, std::uint32_t depth, std::uint32_t instance_count);
  void grow(std::span<const BlockHash> chain, std::uint32_t depth);

  HotnessOptions options_;
  Nodes nodes_;
  std::vector<Observed> window_;
  /// key_blocks_max for each place of the window. Half of a hash is enough to tell shares.
  std::vector<std::uint64_t> chains_;
  std::uint32_t next_ = 0;  ///< Place of the next request.
  std::uint32_t filled_ = 0;
};

}  // namespace ringmaster
