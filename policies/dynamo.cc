#include "policies/dynamo.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ringmaster {

Dynamo::Cost Dynamo::cost_of(const RoutingQuery& query, const InstanceState& state,
                             std::uint32_t cached_blocks, double least_pending) const {
  const RequestSpec& request = query.request;
  const double block = std::max<std::uint32_t>(1, request.block_tokens);
  const double prompt_blocks = std::max(1.0, std::ceil(request.prompt_tokens / block));
  const double pending = static_cast<double>(state.load.pending_tokens()) / block;
  const double busier = (pending - least_pending) / prompt_blocks;
  const double credit =
      options_.overlap_credit * cached_blocks / (1.0 + options_.credit_decay * busier);
  return {.prefill = options_.prefill_scale *
                     std::max(0.0, pending + request.prompt_tokens / block - credit),
          .decode = static_cast<double>(state.load.running_kv_blocks) + std::ceil(pending) +
                    prompt_blocks,
          .requests = options_.request_weight * state.load.requests()};
}

double Dynamo::least_pending(const RoutingQuery& query, const FleetState& fleet) {
  std::uint64_t least = fleet[query.candidates.front()].load.pending_tokens();
  for (const InstanceId candidate : query.candidates) {
    least = std::min(least, fleet[candidate].load.pending_tokens());
  }
  return static_cast<double>(least) / std::max<std::uint32_t>(1, query.request.block_tokens);
}

void Dynamo::compute_costs(const RoutingQuery& query, const FleetState& fleet) {
  const double least = least_pending(query, fleet);
  costs_.clear();
  for (const InstanceId candidate : query.candidates) {
    costs_.push_back(cost_of(query, fleet[candidate], cached_.blocks(candidate), least).sum());
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

void Dynamo::describe(const RoutingQuery& query, const FleetState& fleet,
                      const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const Cost cost = cost_of(query, fleet[candidate.instance], cached_.blocks(candidate.instance),
                            least_pending(query, fleet));
  terms.say("prefill + decode + requests, in blocks");
  terms.add("prefill", cost.prefill);
  terms.add("decode", cost.decode);
  terms.add("requests", cost.requests);
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
