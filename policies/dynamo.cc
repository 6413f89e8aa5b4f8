#include "policies/dynamo.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ringmaster {

void Dynamo::compute_costs(const RoutingQuery& query, const FleetState& fleet) {
  const RequestSpec& request = query.request;
  const double block = std::max<std::uint32_t>(1, request.block_tokens);
  const double prompt_blocks = std::max(1.0, std::ceil(request.prompt_tokens / block));
  const auto pending = [&](InstanceId candidate) {
    return static_cast<double>(fleet[candidate].load.pending_tokens()) / block;
  };
  double least_pending = pending(query.candidates.front());
  for (const InstanceId candidate : query.candidates) {
    least_pending = std::min(least_pending, pending(candidate));
  }
  costs_.clear();
  for (const InstanceId candidate : query.candidates) {
    const InstanceLoad& load = fleet[candidate].load;
    const double busier = (pending(candidate) - least_pending) / prompt_blocks;
    const double credit = options_.overlap_credit * cached_.blocks(candidate) /
                          (1.0 + options_.credit_decay * busier);
    const double prefill =
        std::max(0.0, pending(candidate) + request.prompt_tokens / block - credit);
    const double decode =
        static_cast<double>(load.running_kv_blocks) + std::ceil(pending(candidate)) + prompt_blocks;
    costs_.push_back(options_.prefill_scale * prefill + decode +
                     options_.request_weight * load.requests());
  }
}

void Dynamo::choose(const RoutingQuery& query, const FleetState& fleet, RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  compute_costs(query, fleet);
  const auto scored = [&](std::size_t i) {
    return ScoredCandidate{.instance = query.candidates[i],
                           .cached_tokens = cached_.tokens(query.candidates[i]),
                           .score = costs_[i]};
  };
  for (std::size_t i = 0; i < costs_.size(); ++i) decision.consider(scored(i));
  decision.take(scored(options_.temperature > 0.0 ? draw() : least()));
  decision.knows_cache = true;
  decision.reason = options_.temperature > 0.0 ? "drawn_by_cost" : "least_cost";
}

std::size_t Dynamo::least() {
  const double cost = std::ranges::min(costs_);
  std::uint64_t turn = random_.below(static_cast<std::uint64_t>(std::ranges::count(costs_, cost)));
  std::size_t i = 0;
  while (costs_[i] != cost || turn-- > 0) ++i;
  return i;
}

std::size_t Dynamo::draw() {
  const auto [least, most] = std::ranges::minmax(costs_);
  const double scale = most > least ? (most - least) * options_.temperature : 1.0;
  weights_.clear();
  for (const double cost : costs_) weights_.push_back(std::exp((least - cost) / scale));
  double left = random_.unit() * std::accumulate(weights_.begin(), weights_.end(), 0.0);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    left -= weights_[i];
    if (left < 0.0) return i;
  }
  return weights_.size() - 1;  // Rounding.
}

std::unique_ptr<RoutingPolicy> make_dynamo(OptionReader& reader, std::uint64_t seed) {
  DynamoOptions options;
  options.overlap_credit = reader.number("overlap_credit", options.overlap_credit, 0.0, 10.0);
  options.credit_decay = reader.number("credit_decay", options.credit_decay, 0.0, 100.0);
  options.prefill_scale = reader.number("prefill_scale", options.prefill_scale, 0.0, 100.0);
  options.request_weight = reader.number("request_weight", options.request_weight, 0.0, 10'000.0);
  options.temperature = reader.number("temperature", options.temperature, 0.0, 10.0);
  return std::make_unique<Dynamo>(options, seed);
}

}  // namespace ringmaster
