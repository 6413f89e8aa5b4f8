#include "scheduler/queue_order.h"

#include "scheduler/fair_order.h"
#include "scheduler/fixed_orders.h"
#include "scheduler/on_time_order.h"

namespace ringmaster {

std::size_t QueueOrder::pick(std::span<const Waiting> /*leading*/, const PickContext& /*context*/) {
  return 0;
}

std::uint64_t QueueOrder::put_aside_tokens(std::span<const Waiting> /*leading*/,
                                           const PickContext& /*context*/) {
  return 0;
}

void QueueOrder::held(const Waiting& /*waiting*/) {}
void QueueOrder::unheld(const Waiting& /*waiting*/) {}
void QueueOrder::dispatched(std::uint64_t /*tenant*/, std::uint32_t /*uncached_tokens*/) {}

std::unique_ptr<QueueOrder> make_queue_order(QueueDiscipline discipline, Duration ttft_slo) {
  switch (discipline) {
    case QueueDiscipline::kFcfs:
      return std::make_unique<ArrivalOrder>();
    case QueueDiscipline::kLongestHit:
      return std::make_unique<LongestHitOrder>();
    case QueueDiscipline::kShortest:
      return std::make_unique<ShortestOrder>();
    case QueueDiscipline::kSlack:
      return std::make_unique<DeadlineOrder>();
    case QueueDiscipline::kOnTime:
      return std::make_unique<OnTimeOrder>(ttft_slo);
    case QueueDiscipline::kFair:
      return std::make_unique<FairOrder>();
  }
  return std::make_unique<ArrivalOrder>();
}

}  // namespace ringmaster
