#include "scheduler/on_time_order.h"

#include <algorithm>
#include <tuple>

namespace ringmaster {

std::size_t OnTimeOrder::pick(std::span<const Waiting> leading, const PickContext& context) {
  if (leading.size() == 1) return 0;
  const auto oldest = std::ranges::min_element(leading, {}, [](const Waiting& waiting) {
    return std::tuple(waiting.arrived_at, waiting.id);
  });
  if (context.now - oldest->arrived_at > wait_max_) {
    return static_cast<std::size_t>(oldest - leading.begin());
  }
  keep_on_time(leading, context, Duration::zero());
  if (!kept_.empty()) return std::ranges::min(kept_, {}, &Work::index).index;
  const auto least = std::ranges::min_element(
      leading, {}, [](const Waiting& waiting) { return std::tuple(waiting.tokens, waiting.id); });
  return static_cast<std::size_t>(least - leading.begin());
}

std::uint64_t OnTimeOrder::put_aside_tokens(std::span<const Waiting> leading,
                                            const PickContext& context) {
  return keep_on_time(leading, context, soon_);
}

std::uint64_t OnTimeOrder::keep_on_time(std::span<const Waiting> leading,
                                        const PickContext& context, Duration wait_max) {
  kept_.clear();
  std::uint64_t tokens = context.sent_tokens;
  std::uint64_t put_aside = 0;
  for (std::uint32_t i = 0; i < leading.size(); ++i) {
    tokens += leading[i].tokens;
    kept_.push_back({leading[i].tokens, i});
    std::ranges::push_heap(kept_);
    const double seconds = static_cast<double>(tokens) * context.prefill_seconds_per_token;
    if (seconds <= to_seconds(leading[i].deadline - context.now)) continue;
    std::ranges::pop_heap(kept_);
    const Work largest = kept_.back();
    tokens -= largest.tokens;
    if (context.now - leading[largest.index].arrived_at <= wait_max) put_aside += largest.tokens;
    kept_.pop_back();
  }
  return put_aside;
}

}  // namespace ringmaster
