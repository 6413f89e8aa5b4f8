#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/block_pool.h"
#include "tokens/block_hash.h"
#include "tokens/token.h"

namespace ringmaster::sim {

/// Prefixes that a simulated engine keeps on its device by order, until a request uses them.
///
/// An order holds the leading blocks of its chain that the pool has, on the device or in host
/// memory. It gets no block that a running sequence or another order holds. Where the orders'
/// share of the pool (half) or their number is used up, it displaces orders that are farther from
/// their use, else it is refused. Sequences go before orders: see give_way(). O(orders) and
/// O(blocks of the chain) a call.
class PrefetchOrders {
 public:
  static constexpr std::size_t kOrdersMax = 64;
  /// An order that nobody has used while so many came after it is given up.
  static constexpr std::uint64_t kOrdersUntilStale = 256;

  /// The pool outlives this.
  explicit PrefetchOrders(engine::BlockPool& pool) : pool_(pool) {}

  /// Takes the order; absent: it is refused. Else the number of leading blocks that it holds, once
  /// the copies are made that the pool asks for: take_copies() must follow. `tokens` are those of
  /// the chain. At most `held_max` blocks are held here then.
  std::optional<std::size_t> order(std::span<const BlockHash> chain, TokenSpan tokens,
                                   std::uint32_t steps, std::int32_t held_max);

  /// A request with this chain runs. The number of orders that this fulfils.
  std::size_t used(std::span<const BlockHash> chain);

  /// Gives orders up, the farthest and of these the latest first, until so many blocks are free
  /// and at most `held_max` are held here; or none is left.
  void give_way(std::int32_t free_wanted, std::int32_t held_max);

  /// Blocks held; one that two orders share counts twice.
  [[nodiscard]] std::int32_t held_blocks() const;

 private:
  struct Order {
    BlockHash end;           ///< The last block of the chain...
    std::size_t blocks = 0;  ///< ... which is so long.
    std::uint32_t steps = 0;
    std::uint64_t number = 0;
    std::vector<engine::BlockId> table;
  };
  using Place = std::vector<Order>::iterator;

  [[nodiscard]] bool make_room(std::size_t blocks, std::uint32_t steps);
  [[nodiscard]] Place farthest();
  void give_up(Place order);

  engine::BlockPool& pool_;
  std::vector<Order> orders_;  ///< By number.
  std::uint64_t last_number_ = 0;
};

}  // namespace ringmaster::sim
