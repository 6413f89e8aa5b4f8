#include "sim/prefetch_orders.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringmaster::sim {
namespace {

constexpr std::size_t kShareDivisor = 2;

}  // namespace

std::optional<std::size_t> PrefetchOrders::order(std::span<const BlockHash> chain, TokenSpan tokens,
                                                 std::uint32_t steps, std::int32_t held_max) {
  if (chain.empty()) return std::nullopt;
  const auto same = std::ranges::find(orders_, chain.back(), &Order::end);
  if (same != orders_.end()) {
    same->steps = steps;
    return same->table.size();
  }
  ++last_number_;  // Of refused ones too: else those that nobody uses would keep others out.
  if (!make_room(chain.size(), steps)) return std::nullopt;
  Order order{.end = chain.back(), .blocks = chain.size(), .steps = steps, .number = last_number_};
  const std::int32_t room = std::max(0, held_max - held_blocks());
  std::int32_t count =
      pool_.cached_blocks(chain, tokens, std::min(static_cast<std::int32_t>(chain.size()), room));
  while (count > 0 && pool_.free_among_cached(chain, count) > pool_.free_count()) --count;
  pool_.take_cached(chain, count, order.table);
  orders_.push_back(std::move(order));
  return orders_.back().table.size();
}

bool PrefetchOrders::make_room(std::size_t blocks, std::uint32_t steps) {
  while (!orders_.empty() && orders_.front().number + kOrdersUntilStale <= last_number_) {
    give_up(orders_.begin());
  }
  const std::size_t blocks_max = static_cast<std::size_t>(pool_.block_count()) / kShareDivisor;
  if (blocks > blocks_max) return false;
  const auto ordered = [this] {
    std::size_t sum = 0;
    for (const Order& order : orders_) sum += order.blocks;
    return sum;
  };
  while (orders_.size() >= kOrdersMax || ordered() + blocks > blocks_max) {
    const Place last = farthest();
    if (last->steps <= steps) return false;
    give_up(last);
  }
  return true;
}

PrefetchOrders::Place PrefetchOrders::farthest() {
  // From the back, since the first of equals is found and the latest is wanted.
  const auto found =
      std::max_element(orders_.rbegin(), orders_.rend(),
                       [](const Order& a, const Order& b) { return a.steps < b.steps; });
  return std::prev(found.base());
}

void PrefetchOrders::give_up(Place order) {
  pool_.release(order->table);
  orders_.erase(order);
}

std::size_t PrefetchOrders::used(std::span<const BlockHash> chain) {
  std::size_t count = 0;
  for (Place order = orders_.begin(); order != orders_.end();) {
    if (order->blocks > chain.size() || !(chain[order->blocks - 1] == order->end)) {
      ++order;
      continue;
    }
    pool_.release(order->table);
    order = orders_.erase(order);
    ++count;
  }
  return count;
}

void PrefetchOrders::give_way(std::int32_t free_wanted, std::int32_t held_max) {
  while (!orders_.empty() && (pool_.free_count() < free_wanted || held_blocks() > held_max)) {
    give_up(farthest());
  }
}

std::int32_t PrefetchOrders::held_blocks() const {
  std::size_t blocks = 0;
  for (const Order& order : orders_) blocks += order.table.size();
  return static_cast<std::int32_t>(blocks);
}

}  // namespace ringmaster::sim
