#include "policies/preble.h"

#include <algorithm>
#include <utility>

namespace ringmaster {
namespace {

// Bounds of what is remembered, whatever the window; an estimated 150 MB at most.
constexpr std::size_t kVisitsMax = 65'536;
constexpr std::size_t kBlocksMax = 2'000'000;
constexpr std::uint64_t kRequestsPerInstanceMin = 50;  // Published: before it rebalances.
constexpr Duration kRebalanceInterval = std::chrono::seconds(1);
constexpr double kSlowdown = 2.0;       // Published: of the window's halves.
constexpr double kNewestWeight = 0.05;  // Of an output in the means.

void move_mean(double& mean, double newest) {
  mean = mean == 0.0 ? newest : mean + kNewestWeight * (newest - mean);
}

}  // namespace

Preble::Visit* Preble::find_visit(RequestId request) {
  const auto found = visit_of_.find(request.value);
  return found == visit_of_.end() ? nullptr : &visits_[found->second - first_visit_];
}

Preble::NodeIndex Preble::important_of(NodeIndex leaf) const {
  while (leaf != PrefixTree::kRoot && !tree_[leaf].is_large()) leaf = tree_[leaf].parent;
  return leaf;
}

void Preble::recharge(NodeIndex node) {
  Usage& usage = usage_[node];
  for (const InstanceId instance : usage.charged) charged_tokens_[instance.value] -= usage.charge;
  usage.charged.clear();
  usage.charge = 0.0;
  const auto& instances = tree_[node].instances;
  if (usage.count == 0 || instances.empty()) return;
  const double uncached_share =
      static_cast<double>(usage.uncached_tokens) /
      static_cast<double>(std::max<std::uint64_t>(1, usage.prompt_tokens));
  const double own_tokens = static_cast<double>(tree_[node].own_blocks()) * block_tokens_;
  usage.charge = uncached_share * usage.count * own_tokens / static_cast<double>(instances.size());
  usage.charged = instances;
  for (const InstanceId instance : usage.charged) charged_tokens_[instance.value] += usage.charge;
}

void Preble::assign_path(NodeIndex node, InstanceId chosen) {
  for (; node != PrefixTree::kRoot; node = tree_[node].parent) {
    auto& instances = tree_.instances(node);
    const auto place = std::ranges::lower_bound(instances, chosen);
    if (place != instances.end() && *place == chosen) continue;
    instances.insert(place, chosen);
    recharge(node);
  }
}

void Preble::follow_split() {
  usage_.resize(std::max<std::size_t>(usage_.size(), tree_.size()));
  const auto [lower, upper] = tree_.last_split();
  if (upper == PrefixTree::kRoot) return;
  if (tree_[lower].is_large() || !tree_[upper].is_large()) {
    recharge(lower);
    return;
  }
  for (Visit& visit : visits_) {
    if (visit.important == lower) visit.important = upper;
  }
  usage_[upper] = std::exchange(usage_[lower], {});
  recharge(upper);
}

void Preble::add_visit(const Visit& visit) {
  tree_.retain(visit.leaf);
  visit_of_[visit.request.value] = first_visit_ + visits_.size();
  visits_.push_back(visit);
  if (visit.important == PrefixTree::kRoot) return;
  Usage& usage = usage_[visit.important];
  ++usage.count;
  usage.prompt_tokens += visit.prompt_tokens;
  usage.uncached_tokens += visit.uncached_tokens;
  recharge(visit.important);
}

void Preble::forget_oldest() {
  const Visit visit = visits_.front();
  visits_.pop_front();
  const auto known = visit_of_.find(visit.request.value);
  if (known != visit_of_.end() && known->second == first_visit_) visit_of_.erase(known);
  ++first_visit_;
  if (visit.important != PrefixTree::kRoot) {
    Usage& usage = usage_[visit.important];
    --usage.count;
    usage.prompt_tokens -= visit.prompt_tokens;
    usage.uncached_tokens -= visit.uncached_tokens;
    recharge(visit.important);
  }
  tree_.release(visit.leaf);
}

void Preble::expire(TimePoint now) {
  const Duration window = from_seconds(options_.window_seconds);
  while (!visits_.empty() && (now - visits_.front().at > window || visits_.size() >= kVisitsMax ||
                              tree_.blocks() > kBlocksMax)) {
    forget_oldest();
  }
}

std::span<const InstanceId> Preble::owners_of(NodeIndex leaf, const RoutingQuery& query) {
  for (NodeIndex node = leaf; node != PrefixTree::kRoot; node = tree_[node].parent) {
    owners_.clear();
    std::ranges::set_intersection(tree_[node].instances, query.candidates,
                                  std::back_inserter(owners_));
    if (!owners_.empty()) return owners_;
  }
  return {};
}

double Preble::window_seconds(const InstanceState& state, InstanceId instance) const {
  return charged_tokens_[instance.value] * state.prefill_seconds_per_token;
}

double Preble::decode_seconds(const InstanceState& state) const {
  return state.load.decoding_requests * mean_output_tokens_ * seconds_per_output_token_;
}

void Preble::choose(const RoutingQuery& query, const FleetState& fleet, RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  block_tokens_ = query.request.block_tokens;
  charged_tokens_.resize(std::max<std::size_t>(charged_tokens_.size(), fleet.slot_count()));
  expire(query.now);
  const PrefixChain& chain = query.request.chain;
  const std::uint32_t shared_tokens = tokens_of_blocks(query.request, tree_.known_blocks(chain));
  const bool is_shared = shared_tokens > query.request.prompt_tokens - shared_tokens;
  const NodeIndex leaf = tree_.insert(chain);
  follow_split();
  const auto owners = is_shared ? owners_of(leaf, query) : std::span<const InstanceId>();
  decision.instance =
      minimum_.pick(owners.empty() ? query.candidates : owners, [&](InstanceId candidate) {
        const InstanceState& state = fleet[candidate];
        const double score = window_seconds(state, candidate) + decode_seconds(state) +
                             cached_.uncached(candidate) * state.prefill_seconds_per_token;
        decision.consider(
            {.instance = candidate, .cached_tokens = cached_.tokens(candidate), .score = score});
        return score;
      });
  decision.knows_cache = true;
  decision.reason = owners.empty() ? "explore_cheapest" : "exploit_shared";
  ++requests_;
  assign_path(leaf, decision.instance);
  add_visit({.at = query.now,
             .request = query.request.id,
             .leaf = leaf,
             .important = important_of(leaf),
             .prompt_tokens = query.request.prompt_tokens,
             .uncached_tokens = cached_.uncached(decision.instance)});
  if (options_.rebalance) rebalance(query, fleet);
}

void Preble::describe(const RoutingQuery& query, const FleetState& fleet,
                      const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const InstanceState& state = fleet[candidate.instance];
  terms.say("window + decode + uncached, in seconds");
  const double uncached = uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens) *
                          state.prefill_seconds_per_token;
  const double decode = decode_seconds(state);
  // The request itself is in the window by now: what it weighed is what the rest leaves.
  terms.add("window", candidate.score - decode - uncached);
  terms.add("decode", decode);
  terms.add("uncached", uncached);
}

void Preble::rebalance(const RoutingQuery& query, const FleetState& fleet) {
  const auto candidates = query.candidates;
  if (candidates.size() < 2 || requests_ < kRequestsPerInstanceMin * candidates.size()) return;
  if (query.now < next_rebalance_) return;
  next_rebalance_ = query.now + kRebalanceInterval;
  const auto cost = [&](InstanceId instance) {
    return window_seconds(fleet[instance], instance) + decode_seconds(fleet[instance]);
  };
  const auto [cheapest, dearest] = std::ranges::minmax(candidates, {}, cost);
  if (cost(dearest) >= options_.imbalance * cost(cheapest)) move_nodes(dearest, cheapest, fleet);
}

void Preble::move_nodes(InstanceId dearest, InstanceId cheapest, const FleetState& fleet) {
  std::vector<NodeIndex> nodes;
  for (NodeIndex node = 1; node < tree_.size(); ++node) {
    if (usage_[node].count > 1 && std::ranges::binary_search(tree_[node].instances, dearest)) {
      nodes.push_back(node);
    }
  }
  std::ranges::stable_sort(nodes, {}, [this](NodeIndex node) { return usage_[node].charge; });
  if (nodes.size() == 1) {
    if (has_slowed_down(nodes.front())) assign_path(nodes.front(), cheapest);
    return;
  }
  const auto cost = [&](InstanceId instance) {
    return window_seconds(fleet[instance], instance) + decode_seconds(fleet[instance]);
  };
  for (const NodeIndex node : nodes) {
    const double moved = usage_[node].charge * fleet[dearest].prefill_seconds_per_token;
    const double most = cost(dearest);
    const double least = cost(cheapest);
    if (most < options_.imbalance * least || most - moved < least + moved) return;
    move_subtree(node, dearest, cheapest);
  }
}

void Preble::move_subtree(NodeIndex top, InstanceId from, InstanceId to) {
  for (NodeIndex node = 1; node < tree_.size(); ++node) {
    if (!std::ranges::binary_search(tree_[node].instances, from)) continue;
    NodeIndex above = node;
    while (above != PrefixTree::kRoot && above != top) above = tree_[above].parent;
    if (above != top) continue;
    std::erase(tree_.instances(node), from);
    recharge(node);
    assign_path(node, to);
  }
}

bool Preble::has_slowed_down(NodeIndex node) const {
  double seconds[2] = {0.0, 0.0};
  std::uint32_t count[2] = {0, 0};
  if (visits_.empty()) return false;
  const TimePoint middle = visits_.front().at + (visits_.back().at - visits_.front().at) / 2;
  for (const Visit& visit : visits_) {
    if (visit.important != node || visit.ttft_seconds == 0.0) continue;
    const std::size_t half = visit.at > middle ? 1 : 0;
    seconds[half] += visit.ttft_seconds;
    ++count[half];
  }
  if (count[0] == 0 || count[1] == 0) return false;
  return seconds[1] / count[1] >= kSlowdown * seconds[0] / count[0];
}

void Preble::first_token(const ObservedRequest& seen) {
  if (Visit* visit = find_visit(seen.request.id)) {
    visit->ttft_seconds = to_seconds(seen.since_arrival);
  }
}

void Preble::ended(const ObservedRequest& seen) {
  if (!seen.output_tokens) return;
  move_mean(mean_output_tokens_, *seen.output_tokens);
  const Visit* visit = find_visit(seen.request.id);
  if (visit == nullptr || visit->ttft_seconds == 0.0 || *seen.output_tokens < 2) return;
  const double seconds = to_seconds(seen.since_arrival) - visit->ttft_seconds;
  move_mean(seconds_per_output_token_, seconds / (*seen.output_tokens - 1.0));
}

void Preble::instance_left(InstanceId instance) {
  for (NodeIndex node = 1; node < tree_.size(); ++node) {
    if (std::erase(tree_.instances(node), instance) > 0) recharge(node);
  }
}

std::unique_ptr<RoutingPolicy> make_preble(OptionReader& reader, std::uint64_t /*seed*/) {
  PrebleOptions options;
  options.window_seconds = reader.number("window_seconds", options.window_seconds, 1.0, 3600.0);
  options.imbalance = reader.number("imbalance", options.imbalance, 1.0, 1000.0);
  options.rebalance = reader.flag("rebalance", options.rebalance);
  return std::make_unique<Preble>(options);
}

}  // namespace ringmaster
