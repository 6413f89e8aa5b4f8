#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fleet/block_table.h"
#include "fleet/instance.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// The prompts of late as a radix tree over their blocks: an edge is a run of blocks that no other
/// prompt leaves or ends within. Each node knows who is meant to have it.
///
/// Nodes are referred to by index; an index is used again after its node is removed. What is not
/// referred to by anyone (retain) and has no children goes, up to the root.
class PrefixTree {
 public:
  using NodeIndex = std::uint32_t;
  static constexpr NodeIndex kRoot = 0;

  struct Node {
    NodeIndex parent = kRoot;
    std::uint32_t depth_blocks = 0;     ///< From the root to its end.
    std::vector<BlockHash> blocks;      ///< Its own edge.
    std::vector<InstanceId> instances;  ///< Meant to have it, sorted.
    std::uint32_t children = 0;
    std::uint32_t holders = 0;  ///< retain() without release().

    [[nodiscard]] std::uint32_t own_blocks() const {
      return static_cast<std::uint32_t>(blocks.size());
    }
    /// Its own text is more than half of its context.
    [[nodiscard]] bool is_large() const { return 2 * own_blocks() > depth_blocks; }
  };

  PrefixTree() : nodes_(1) {}

  /// Blocks of the chain that are in the tree. O(log chain).
  [[nodiscard]] std::uint32_t known_blocks(std::span<const BlockHash> chain) const;

  /// The node that ends where the chain ends; nodes on the way are split and added as needed, the
  /// later part of a split one being the new node. O(chain). The root for an empty chain.
  NodeIndex insert(std::span<const BlockHash> chain);

  /// The node that the last insert() cut in two, and its upper part, which is new; both kRoot if it
  /// cut none.
  struct Split {
    NodeIndex lower = kRoot;
    NodeIndex upper = kRoot;
  };
  [[nodiscard]] Split last_split() const { return last_split_; }

  [[nodiscard]] const Node& operator[](NodeIndex node) const { return nodes_[node]; }
  [[nodiscard]] std::vector<InstanceId>& instances(NodeIndex node) {
    return nodes_[node].instances;
  }

  void retain(NodeIndex node) { ++nodes_[node].holders; }
  /// Removes the node, and then its ancestors, if nothing keeps them.
  void release(NodeIndex node);

  /// Of all edges together.
  [[nodiscard]] std::uint32_t blocks() const { return node_of_.size(); }

  [[nodiscard]] NodeIndex size() const { return static_cast<NodeIndex>(nodes_.size()); }

 private:
  NodeIndex take_node();
  NodeIndex split(NodeIndex node, std::uint32_t own_blocks);

  std::vector<Node> nodes_;  ///< Removed ones have no blocks.
  std::vector<NodeIndex> free_;
  BlockTable<NodeIndex> node_of_;  ///< By block: it names its whole prefix.
  Split last_split_;
};

}  // namespace ringmaster
