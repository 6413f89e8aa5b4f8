#pragma once

#include <cstdint>

namespace ringmaster::sim {

/// What went from host memory to devices, and what became of the orders to copy ahead.
struct CopyFigures {
  std::uint64_t orders = 0;          ///< That were taken.
  std::uint64_t refused_orders = 0;  ///< For want of room.
  std::uint64_t used_orders = 0;     ///< A request came that builds on it.
  std::uint64_t ahead_tokens = 0;    ///< Copied by order.
  std::uint64_t awaited_tokens = 0;  ///< Copied while a request waited.

  void add(const CopyFigures& other) {
    orders += other.orders;
    refused_orders += other.refused_orders;
    used_orders += other.used_orders;
    ahead_tokens += other.ahead_tokens;
    awaited_tokens += other.awaited_tokens;
  }
};

/// Calls visit(name, field) for each number, as results name them.
template <class Figures, class Visit>
void visit_copies(Figures& figures, Visit&& visit) {
  visit("prefetch_orders", figures.orders);
  visit("prefetch_orders_refused", figures.refused_orders);
  visit("prefetch_orders_used", figures.used_orders);
  visit("host_tokens_ahead", figures.ahead_tokens);
  visit("host_tokens_awaited", figures.awaited_tokens);
}

}  // namespace ringmaster::sim
