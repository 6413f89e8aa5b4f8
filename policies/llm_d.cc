#include "policies/llm_d.h"

#include <algorithm>
#include <numeric>

#include "policies/adapter_filter.h"
#include "policies/kv_usage.h"

namespace ringmaster {
namespace {

constexpr double kWaitingMax = 128.0;
constexpr double kPendingTokensMax = 4'194'304.0;
constexpr double kFreeSlotScore = 0.8;

constexpr std::array<std::string_view, LlmDOptions::kScorers> kScorerNames{"prefix",
                                                                           "queue",
                                                                           "kv_utilization",
                                                                           "active_requests",
                                                                           "running_requests",
                                                                           "load_aware",
                                                                           "token_load",
                                                                           "no_hit_lru",
                                                                           "lora"};
constexpr std::array<std::string_view, 3> kProfileNames{"default", "optimized", "precise"};
constexpr std::array<LlmDOptions::Weights, 3> kProfiles{{
    {3.0, 2.0, 2.0},
    {3.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 2.0},
    {2.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 2.0},
}};

}  // namespace

void LlmD::read_signals(const RoutingQuery& query, const FleetState& fleet) {
  signals_.resize(fleet.slot_count());
  last_cold_request_.resize(fleet.slot_count());
  is_cold_ = true;
  bool is_first = true;
  for (const InstanceId candidate : query.candidates) {
    const InstanceState& state = fleet[candidate];
    const std::uint32_t booked = state.load.held_requests + state.load.prefilling_requests;
    const Signals signals{
        .waiting = static_cast<double>(state.report.waiting_requests.value_or(booked)),
        .in_flight = static_cast<double>(state.load.requests()),
        .kv_usage = kv_usage_of(state, query.request),
        .pending_tokens = static_cast<double>(state.load.pending_tokens()),
        .adapter = adapters_.has(candidate, query.request.adapter) ? 1.0
                   : adapters_.has_free_slot(candidate)            ? kFreeSlotScore
                                                                   : 0.0};
    signals_[candidate.value] = signals;
    const auto widen = [&](Range& range, double value) {
      range.least = is_first ? value : std::min(range.least, value);
      range.most = is_first ? value : std::max(range.most, value);
    };
    widen(waiting_, signals.waiting);
    widen(in_flight_, signals.in_flight);
    is_first = false;
    is_cold_ = is_cold_ && cached_.blocks(candidate) == 0;
  }
}

void LlmD::rank_by_last_cold_request(const RoutingQuery& query) {
  by_age_.assign(query.candidates.begin(), query.candidates.end());
  std::ranges::stable_sort(
      by_age_, {}, [this](InstanceId candidate) { return last_cold_request_[candidate.value]; });
  double rank = 0.0;
  for (std::size_t i = 0; i < by_age_.size(); ++i) {
    // Those never used are all the oldest.
    if (last_cold_request_[by_age_[i].value] != 0) rank = static_cast<double>(i);
    signals_[by_age_[i].value].cold_rank = rank;
  }
}

LlmDOptions::Weights LlmD::points(InstanceId candidate, std::size_t count) const {
  const Signals& own = signals_[candidate.value];
  const auto room = [](const Range& range, double value) {
    return range.most > range.least ? (range.most - value) / (range.most - range.least) : 1.0;
  };
  LlmDOptions::Weights scores{};
  scores[LlmDOptions::kPrefix] = cached_.share(candidate);
  scores[LlmDOptions::kQueue] = room(waiting_, own.waiting);
  scores[LlmDOptions::kKvUtilization] = 1.0 - own.kv_usage;
  scores[LlmDOptions::kActiveRequests] =
      own.in_flight == 0.0 ? 1.0 : (in_flight_.most - own.in_flight) / in_flight_.most;
  scores[LlmDOptions::kRunningRequests] = room(in_flight_, own.in_flight);
  scores[LlmDOptions::kLoadAware] = 0.5 * (1.0 - std::min(own.waiting, kWaitingMax) / kWaitingMax);
  scores[LlmDOptions::kTokenLoad] = 1.0 - std::min(1.0, own.pending_tokens / kPendingTokensMax);
  scores[LlmDOptions::kNoHitLru] = !is_cold_ ? 0.5
                                   : count < 2
                                       ? 1.0
                                       : 1.0 - own.cold_rank / static_cast<double>(count - 1);
  scores[LlmDOptions::kLora] = own.adapter;
  for (std::size_t scorer = 0; scorer < scores.size(); ++scorer) {
    scores[scorer] *= options_.weights[scorer];
  }
  return scores;
}

void LlmD::choose(const RoutingQuery& query, const FleetState& fleet, RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  read_signals(query, fleet);
  const bool ranks_cold = is_cold_ && options_.weights[LlmDOptions::kNoHitLru] > 0.0;
  if (ranks_cold) rank_by_last_cold_request(query);
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const auto scores = points(candidate, query.candidates.size());
    const double negative = -std::accumulate(scores.begin(), scores.end(), 0.0);
    decision.consider(
        {.instance = candidate, .cached_tokens = cached_.tokens(candidate), .score = negative});
    return negative;
  });
  if (is_cold_) last_cold_request_[decision.instance.value] = ++cold_requests_;
  decision.knows_cache = true;
  decision.reason = is_cold_ ? "most_points_cold" : "most_points";
}

void LlmD::describe(const RoutingQuery& query, const FleetState& /*fleet*/,
                    const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const auto scores = points(candidate.instance, query.candidates.size());
  terms.say("-(sum of the points), each weight * score");
  for (std::size_t scorer = 0; scorer < scores.size(); ++scorer) {
    if (options_.weights[scorer] > 0.0) terms.add(kScorerNames[scorer], scores[scorer]);
  }
}

std::unique_ptr<RoutingPolicy> make_llm_d(OptionReader& reader, std::uint64_t /*seed*/) {
  LlmDOptions options;
  options.weights = kProfiles[reader.choice("profile", kProfileNames)];
  for (std::size_t scorer = 0; scorer < kScorerNames.size(); ++scorer) {
    options.weights[scorer] =
        reader.number(kScorerNames[scorer], options.weights[scorer], 0.0, 1000.0);
  }
  options.adapter_slots = read_adapter_slots(reader);
  return std::make_unique<LlmD>(options);
}

}  // namespace ringmaster
