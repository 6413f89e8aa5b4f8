#include "policies/prefix_tree.h"

#include <utility>

#include "base/check.h"

namespace ringmaster {

std::uint32_t PrefixTree::known_blocks(std::span<const BlockHash> chain) const {
  // A block is in the tree only if all before it are.
  std::size_t known = 0;
  std::size_t unknown = chain.size() + 1;
  while (unknown - known > 1) {
    const std::size_t middle = known + (unknown - known) / 2;
    const bool is_known = node_of_.find(chain[middle - 1]) != node_of_.kAbsent;
    (is_known ? known : unknown) = middle;
  }
  return static_cast<std::uint32_t>(known);
}

PrefixTree::NodeIndex PrefixTree::take_node() {
  if (free_.empty()) {
    nodes_.emplace_back();
    return static_cast<NodeIndex>(nodes_.size() - 1);
  }
  const NodeIndex node = free_.back();
  free_.pop_back();
  nodes_[node] = {};
  return node;
}

/// The first own_blocks of its edge become a node of their own, above it.
PrefixTree::NodeIndex PrefixTree::split(NodeIndex node, std::uint32_t own_blocks) {
  const NodeIndex upper = take_node();
  Node& below = nodes_[node];
  Node& above = nodes_[upper];
  const auto cut = below.blocks.begin() + own_blocks;
  above.blocks.assign(below.blocks.begin(), cut);
  above.parent = below.parent;
  above.depth_blocks = below.depth_blocks - below.own_blocks() + own_blocks;
  above.instances = below.instances;
  above.children = 1;
  below.blocks.erase(below.blocks.begin(), cut);
  below.parent = upper;
  for (std::size_t i = 0; i < above.blocks.size(); ++i) {
    node_of_.prefetch_ahead(above.blocks, i);
    node_of_.value(node_of_.insert(above.blocks[i])) = upper;
  }
  last_split_ = {.lower = node, .upper = upper};
  return upper;
}

PrefixTree::NodeIndex PrefixTree::insert(std::span<const BlockHash> chain) {
  last_split_ = {};
  const std::uint32_t known = known_blocks(chain);
  NodeIndex parent = kRoot;
  if (known > 0) {
    parent = node_of_.value(node_of_.find(chain[known - 1]));
    const Node& there = nodes_[parent];
    const std::uint32_t begin = there.depth_blocks - there.own_blocks();
    if (known < there.depth_blocks) parent = split(parent, known - begin);
  }
  if (known == chain.size()) return parent;
  const NodeIndex leaf = take_node();
  Node& node = nodes_[leaf];
  node.parent = parent;
  node.depth_blocks = static_cast<std::uint32_t>(chain.size());
  node.blocks.assign(chain.begin() + known, chain.end());
  for (std::size_t i = 0; i < node.blocks.size(); ++i) {
    node_of_.prefetch_ahead(node.blocks, i);
    node_of_.value(node_of_.insert(node.blocks[i])) = leaf;
  }
  ++nodes_[parent].children;
  return leaf;
}

void PrefixTree::release(NodeIndex node) {
  RINGMASTER_CHECK(nodes_[node].holders > 0);
  --nodes_[node].holders;
  while (node != kRoot && nodes_[node].holders == 0 && nodes_[node].children == 0) {
    const std::vector<BlockHash>& blocks = nodes_[node].blocks;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      node_of_.prefetch_ahead(blocks, i);
      const std::uint32_t number = node_of_.find(blocks[i]);
      // Gone already where what was inserted was no chain (a block twice, or under two parents).
      if (number != node_of_.kAbsent) node_of_.erase(number);
    }
    const NodeIndex parent = nodes_[node].parent;
    nodes_[node] = {};
    free_.push_back(node);
    --nodes_[parent].children;
    node = parent;
  }
}

}  // namespace ringmaster
