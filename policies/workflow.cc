#include "policies/workflow.h"

#include <algorithm>
#include <utility>

namespace ringmaster {
namespace {

constexpr Duration kOrderCounts = std::chrono::minutes(1);
constexpr std::size_t kToPrefetchMax = 4096;  // Nobody asks a shadow.

}  // namespace

Workflow::Workflow(const WorkflowOptions& options)
    : options_(options),
      sessions_(options.sessions_max),
      prefetches_(options.prefetches_max, options.prefetch_tokens_max) {}

void Workflow::count_step(const RequestSpec& request) {
  if (request.session == 0) return;
  if (sessions_.find(request.session) == nullptr) sessions_.put(request.session, {});
  Progress& progress = *sessions_.use(request.session);
  if (progress.last == request.id) return;
  progress.last = request.id;
  ++progress.steps;
  look_for_prefetches(progress);
}

void Workflow::look_for_prefetches(Progress& progress) {
  std::erase_if(progress.keys, [this](std::uint64_t key) { return find(key) == nullptr; });
  for (const std::uint64_t key : progress.keys) {
    note_if_due(*find(key));
  }
}

void Workflow::note_if_due(const Announced& announced) {
  if (!is_due_soon(announced)) return;
  if (to_prefetch_.size() == kToPrefetchMax) to_prefetch_.pop_front();
  to_prefetch_.push_back(announced.key);
}

bool Workflow::is_due_soon(const Announced& announced) const {
  const std::uint64_t left = steps_left(announced);
  return left >= 1 && left <= options_.prefetch_steps && !announced.is_ordered;
}

void Workflow::close(Announced& announced, InstanceId instance) {
  if (std::exchange(announced.is_open, false)) prefetches_.give_back(instance, announced.tokens);
}

void Workflow::give_up_old_orders() {
  while (!ordered_.empty() && ordered_.front().first + kOrderCounts <= now_) {
    const auto [time, key] = ordered_.front();
    ordered_.pop_front();
    Announced* const announced = find(key);
    if (announced != nullptr && announced->ordered_at == time) close(*announced, place_of_.at(key));
  }
}

std::optional<PrefetchOrder> Workflow::next_prefetch() {
  if (!to_prefetch_.empty()) give_up_old_orders();
  while (!to_prefetch_.empty()) {
    const std::uint64_t key = to_prefetch_.front();
    to_prefetch_.pop_front();
    Announced* const announced = find(key);
    if (announced == nullptr || !is_due_soon(*announced)) continue;
    const InstanceId place = place_of_.at(key);
    if (!prefetches_.take(place, announced->tokens)) continue;
    announced->is_ordered = true;
    announced->is_open = true;
    announced->ordered_at = now_;
    ordered_.emplace_back(now_, key);
    return PrefetchOrder{.instance = place,
                         .chain = announced->chain,
                         .steps = static_cast<std::uint32_t>(steps_left(*announced))};
  }
  return std::nullopt;
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
  // What is too much already goes whatever comes: only what the new tokens push out counts.
  double excess = std::min<double>(
      uncached, static_cast<double>(announced_tokens_[candidate.value]) + uncached - room);
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
  now_ = query.now;
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
  close(announced[index], instance);
  announced_tokens_[instance.value] -= announced[index].tokens;
  std::swap(announced[index], announced.back());
  announced.pop_back();
}

Workflow::Announced* Workflow::find(std::uint64_t key) {
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
  now_ = seen.now;
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
  Progress* progress = sessions_.find(request.session);
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
  if (options_.prefetch_steps == 0 || progress == nullptr) return;
  announced.back().chain = request.chain;
  // A workflow may announce the same prompt again and again.
  if (std::ranges::count(progress->keys, key) == 0) progress->keys.push_back(key);
  note_if_due(announced.back());
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
  options.prefetch_steps = reader.count("prefetch_steps", options.prefetch_steps, 0, 1000);
  options.prefetches_max = reader.count("prefetches_max", options.prefetches_max, 1, 4096);
  options.prefetch_tokens_max =
      reader.count("prefetch_tokens_max", options.prefetch_tokens_max, 1, 1'000'000'000);
  return std::make_unique<Workflow>(options);
}

}  // namespace ringmaster
