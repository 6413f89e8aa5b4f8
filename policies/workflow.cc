#include "policies/workflow.h"

#include <algorithm>
#include <utility>

namespace ringmaster {

Workflow::Workflow(const WorkflowOptions& options)
    : options_(options), sessions_(options.sessions_max) {}

void Workflow::count_step(const RequestSpec& request) {
  if (request.session == 0) return;
  if (sessions_.find(request.session) == nullptr) sessions_.put(request.session, {});
  Progress& progress = *sessions_.use(request.session);
  if (progress.last == request.id) return;
  progress.last = request.id;
  ++progress.steps;
}

std::uint64_t Workflow::steps_left(const Announced& announced) const {
  const Progress* progress = sessions_.find(announced.session);
  // A workflow that was forgotten for so many others: its turn may never come.
  if (progress == nullptr) return announced.due_step;
  return announced.due_step > progress->steps ? announced.due_step - progress->steps : 0;
}

void Workflow::find_announced(const RequestSpec& request) {
  tokens_ = 0;
  if (place_of_.empty()) return;
  for (std::size_t blocks = request.chain.size(); blocks > 0; --blocks) {
    const auto found = place_of_.find(request.chain[blocks - 1].low);
    if (found == place_of_.end()) continue;
    place_ = found->second;
    key_ = found->first;
    tokens_ = tokens_of_blocks(request, static_cast<std::uint32_t>(blocks));
    return;
  }
}

std::uint32_t Workflow::cached_at(InstanceId candidate) const {
  const std::uint32_t known = cached_.tokens(candidate);
  return tokens_ > 0 && candidate == place_ ? std::max(known, tokens_) : known;
}

double Workflow::displaced_seconds(const InstanceState& state, InstanceId candidate,
                                   std::uint32_t uncached) const {
  const auto& announced = announced_[candidate.value];
  const double room = options_.keep_share * static_cast<double>(state.spec.kv_cache_tokens);
  double excess = static_cast<double>(announced_tokens_[candidate.value]) + uncached - room;
  if (excess <= 0.0 || announced.empty()) return 0.0;
  by_steps_.clear();
  for (const Announced& each : announced) {
    if (tokens_ > 0 && each.key == key_) continue;  // What is used is not pushed out.
    by_steps_.emplace_back(steps_left(each), each.tokens);
  }
  std::ranges::sort(by_steps_, std::greater{});
  double seconds = 0.0;
  for (const auto& [steps, tokens] : by_steps_) {
    if (excess <= 0.0) break;
    seconds += tokens * state.prefill_seconds_per_token / (1.0 + static_cast<double>(steps));
    excess -= tokens;
  }
  return seconds;
}

void Workflow::choose(const RoutingQuery& query, const FleetState& fleet,
                      RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  announced_.resize(std::max<std::size_t>(announced_.size(), fleet.slot_count()));
  announced_tokens_.resize(announced_.size());
  count_step(query.request);
  find_announced(query.request);
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const std::uint32_t cached = cached_at(candidate);
    const std::uint32_t uncached = uncached_tokens(query.request.prompt_tokens, cached);
    const InstanceState& state = fleet[candidate];
    const double score =
        estimated_ttft_seconds(state, uncached) + displaced_seconds(state, candidate, uncached);
    decision.consider({.instance = candidate, .cached_tokens = cached, .score = score});
    return score;
  });
  decision.knows_cache = true;
  const bool is_kept = tokens_ > 0 && decision.instance == place_;
  decision.reason = is_kept ? "announced_prefix" : "least_price";
}

void Workflow::describe(const RoutingQuery& query, const FleetState& fleet,
                        const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const InstanceState& state = fleet[candidate.instance];
  const std::uint32_t uncached =
      uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens);
  terms.say("held + sent + uncached + displaced, in seconds");
  add_ttft_terms(state, uncached, terms);
  terms.add("displaced", displaced_seconds(state, candidate.instance, uncached));
}

void Workflow::drop(InstanceId instance, std::size_t index) {
  auto& announced = announced_[instance.value];
  place_of_.erase(announced[index].key);
  announced_tokens_[instance.value] -= announced[index].tokens;
  announced[index] = announced.back();
  announced.pop_back();
}

const Workflow::Announced* Workflow::find(std::uint64_t key) const {
  const auto place = place_of_.find(key);
  if (place == place_of_.end()) return nullptr;
  return &*std::ranges::find(announced_[place->second.value], key, &Announced::key);
}

void Workflow::use_up(std::uint64_t key) {
  const InstanceId instance = place_of_.at(key);
  const auto& announced = announced_[instance.value];
  const auto found = std::ranges::find(announced, key, &Announced::key);
  drop(instance, static_cast<std::size_t>(found - announced.begin()));
}

void Workflow::ended(const ObservedRequest& seen) {
  const RequestSpec& request = seen.request;
  if (!seen.output_tokens || seen.instance.value >= announced_.size()) return;
  // The prefix that it was built upon has had its turn; it may announce another.
  for (const BlockHash& block : request.chain) {
    const Announced* used = find(block.low);
    if (used != nullptr && used->session == request.session) use_up(block.low);
  }
  if (request.steps_to_execution == 0 || request.session == 0 || request.chain.empty()) return;
  announce(request, seen.instance);
}

void Workflow::announce(const RequestSpec& request, InstanceId instance) {
  const Progress* progress = sessions_.find(request.session);
  const std::uint64_t key = request.chain.back().low;
  if (const Announced* there = find(key)) {
    if (steps_left(*there) <= request.steps_to_execution) return;  // Needed sooner by another.
    use_up(key);
  }
  auto& announced = announced_[instance.value];
  if (announced.size() >= options_.prefixes_max) {
    const auto farthest = std::ranges::max_element(
        announced, {}, [this](const Announced& each) { return steps_left(each); });
    drop(instance, static_cast<std::size_t>(farthest - announced.begin()));
  }
  const auto blocks = static_cast<std::uint32_t>(request.chain.size());
  announced.push_back(
      {.key = key,
       .session = request.session,
       .due_step = (progress == nullptr ? 0 : progress->steps) + request.steps_to_execution,
       .tokens = tokens_of_blocks(request, blocks)});
  announced_tokens_[instance.value] += announced.back().tokens;
  place_of_[key] = instance;
}

void Workflow::instance_left(InstanceId instance) {
  if (instance.value >= announced_.size()) return;
  while (!announced_[instance.value].empty()) drop(instance, 0);
}

std::unique_ptr<RoutingPolicy> make_workflow(OptionReader& reader, std::uint64_t /*seed*/) {
  WorkflowOptions options;
  options.keep_share = reader.number("keep_share", options.keep_share, 0.01, 1.0);
  options.prefixes_max = reader.count("prefixes_max", options.prefixes_max, 1, 65'536);
  options.sessions_max = reader.count("sessions_max", options.sessions_max, 1, 1'000'000);
  return std::make_unique<Workflow>(options);
}

}  // namespace ringmaster
