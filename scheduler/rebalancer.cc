#include "scheduler/rebalancer.h"

#include "scheduler/batch_rebalancer.h"
#include "scheduler/freeness_rebalancer.h"
#include "scheduler/greedy_rebalancer.h"

namespace ringmaster {

std::unique_ptr<Rebalancer> make_rebalancer(Rebalancing form, const RebalancerView& view) {
  if (form == Rebalancing::kPaper) return std::make_unique<BatchRebalancer>(view);
  if (form == Rebalancing::kCode) return std::make_unique<GreedyRebalancer>(view);
  if (form == Rebalancing::kFreeness) return std::make_unique<FreenessRebalancer>(view);
  return nullptr;
}

}  // namespace ringmaster
