#include "scheduler/decision_watch.h"

#include <algorithm>
#include <span>
#include <utility>

#include "policies/policy_registry.h"

namespace ringmaster {
namespace {

ExplainedCandidate explain_candidate(const Decided& decided, const CandidateRecord& record) {
  const InstanceId id = record.instance;
  const InstanceState& state = decided.fleet[id];
  const Residency& residency = decided.fleet.residency();
  ExplainedCandidate candidate{.name = state.spec.name,
                               .is_home = std::ranges::count(decided.query.homes.span(), id) > 0,
                               .held_requests = state.load.held_requests,
                               .prefilling_requests = state.load.prefilling_requests,
                               .decoding_requests = state.load.decoding_requests,
                               .running_kv_blocks = state.load.running_kv_blocks,
                               .prefill_seconds_per_token = state.prefill_seconds_per_token,
                               .report = state.report,
                               .residency = residency.source(id),
                               .residency_time = state.residency_time,
                               .residency_blocks = residency.index().blocks_of(id)};
  const ScoredCandidate scored{
      .instance = id, .cached_tokens = record.cached_tokens, .score = record.score};
  decided.policy.describe(decided.query, decided.fleet, scored, candidate.terms);
  return candidate;
}

/// Why a policy cannot say what it would have done, having seen some decisions only. Empty: it can.
std::string_view obstacle_of(const AdvisingPolicy& other, const Decided& decided) {
  if (other.policy().has_history() || other.policy().observer() != nullptr) {
    return "follows from earlier requests; run it as a shadow";
  }
  const bool lacks_homes =
      other.policy().needs_homes() &&
      (decided.homes_of == nullptr || !(decided.homes_of->options() == other.hotness()));
  return lacks_homes ? "its keys follow from earlier requests; run it as a shadow"
                     : std::string_view();
}

}  // namespace

Result<std::unique_ptr<DecisionWatch>> DecisionWatch::create(const SchedulerOptions& options) {
  std::unique_ptr<DecisionWatch> watch(new DecisionWatch(options.explain));
  if (options.shadow) {
    auto shadow = AdvisingPolicy::create(*options.shadow, options.seed);
    if (!shadow) return tl::unexpected(std::move(shadow.error()).while_doing("shadow"));
    watch->shadow_ = std::make_unique<ShadowPolicy>(std::move(*shadow));
  }
  if (options.explain.kept == 0) {
    if (!watch->shadow_) watch = nullptr;
    return watch;
  }
  watch->kept_.resize(options.explain.kept);
  for (const std::string_view name : policy_names()) {
    const bool is_acting = options.policy.name == name && options.policy.options.empty();
    if (!options.explain.others || is_acting) continue;
    auto other = AdvisingPolicy::create({.name = std::string(name), .options = {}}, options.seed);
    if (!other) return tl::unexpected(other.error());
    watch->others_.push_back(std::move(*other));
  }
  return watch;
}

void DecisionWatch::append_observers(std::vector<RequestObserver*>& observers) const {
  const auto append = [&](RequestObserver* observer) {
    if (observer != nullptr) observers.push_back(observer);
  };
  if (shadow_) append(shadow_->observer());
  if (!options_.others_see_all) return;
  for (const auto& other : others_) append(other->policy().observer());
}

bool DecisionWatch::explains(const RequestRecord& request, TimePoint now) const {
  if (kept_.empty()) return false;
  if (options_.only_request != 0) return request.spec.id.value == options_.only_request;
  return now >= next_at_ || request.explanation != 0;
}

void DecisionWatch::decided(const Decided& decided, RequestRecord& request, DecisionRecord& entry) {
  std::optional<AdvisedChoice> shadows;
  if (shadow_) {
    shadows = shadow_->decide(decided);
    entry.has_shadow = shadows.has_value();
    if (shadows) entry.shadow = shadows->instance;
  }
  const bool is_explained = explains(request, decided.query.now);
  if (!is_explained && !options_.others_see_all) return;
  std::vector<OtherPolicy> others = ask_others(decided);
  if (!is_explained) return;
  entry.explained = true;
  if (shadows) {
    others.insert(others.begin(), {.policy = shadow_->figures().policy,
                                   .is_shadow = true,
                                   .choice = shadows,
                                   .instance = decided.fleet[shadows->instance].spec.name});
  }
  explain(decided, request, entry, std::move(others));
}

std::vector<OtherPolicy> DecisionWatch::ask_others(const Decided& decided) const {
  std::vector<OtherPolicy> asked;
  asked.reserve(others_.size() + 1);
  for (const auto& other : others_) {
    OtherPolicy& entry = asked.emplace_back(OtherPolicy{.policy = other->text()});
    if (!options_.others_see_all) entry.absent = obstacle_of(*other, decided);
    if (!entry.absent.empty()) continue;
    entry.choice = other->ask(decided);
    entry.instance = decided.fleet[entry.choice->instance].spec.name;
  }
  return asked;
}

Explanation* DecisionWatch::find_kept(std::uint64_t id) {
  if (id == 0) return nullptr;
  Kept& kept = kept_[id % kept_.size()];
  return kept.id == id ? &kept.explanation : nullptr;
}

void DecisionWatch::explain(const Decided& decided, RequestRecord& request,
                            const DecisionRecord& entry, std::vector<OtherPolicy> others) {
  const TimePoint now = decided.query.now;
  next_at_ = now + options_.interval;
  happened(request, {.time = now,
                     .kind = Happening::Kind::kDecidedAgain,
                     .instance = decided.fleet[entry.chosen].spec.name,
                     .decision = entry.id,
                     .text = entry.reason});
  request.explanation = next_id_++;
  Kept& kept = kept_[request.explanation % kept_.size()];
  kept.id = request.explanation;
  const RequestSpec& spec = request.spec;
  Explanation& explanation = kept.explanation;
  explanation = {.record = entry,
                 .blocks = static_cast<std::uint32_t>(spec.chain.size()),
                 .block_tokens = spec.block_tokens,
                 .key = entry.key_blocks > 0 ? decided.query.key : 0,
                 .has_session = spec.session != 0,
                 .has_tenant = spec.tenant != 0,
                 .priority = spec.priority,
                 .ttft_slo = decided.query.ttft_slo,
                 .arrived_at = request.arrived_at,
                 .others = std::move(others)};
  const auto weighed = std::span(explanation.record.candidates).first(entry.candidate_count);
  std::ranges::stable_sort(weighed, {}, &CandidateRecord::score);
  for (const CandidateRecord& candidate : weighed) {
    explanation.candidates.push_back(explain_candidate(decided, candidate));
  }
}

void DecisionWatch::happened(const RequestRecord& request, Happening happening) {
  Explanation* explanation = find_kept(request.explanation);
  if (explanation == nullptr) return;
  if (explanation->happenings.size() < Explanation::kHappeningsMax) {
    explanation->happenings.push_back(std::move(happening));
  } else {
    ++explanation->happenings_left_out;
  }
}

void DecisionWatch::reported_cached_tokens(const RequestRecord& request, std::uint32_t tokens) {
  if (Explanation* explanation = find_kept(request.explanation)) {
    explanation->reported_cached_tokens = tokens;
  }
}

std::vector<const Explanation*> DecisionWatch::all() const {
  std::vector<const Explanation*> all;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const Kept& kept = kept_[(next_id_ + i) % kept_.size()];
    if (kept.id != 0) all.push_back(&kept.explanation);
  }
  return all;
}

const Explanation* DecisionWatch::find(std::uint64_t decision) const {
  const Explanation* found = nullptr;
  for (const Kept& kept : kept_) {
    if (kept.id == 0) continue;
    if (kept.explanation.record.id == decision) return &kept.explanation;
    const auto& happenings = kept.explanation.happenings;
    const bool is_named = std::ranges::any_of(happenings, [&](const Happening& happening) {
      return happening.kind != Happening::Kind::kDecidedAgain && happening.decision == decision;
    });
    if (is_named) found = &kept.explanation;
  }
  return found;
}

}  // namespace ringmaster
