#include "policies/dual_map.h"

#include "base/check.h"
#include "policies/hotness_reading.h"

namespace ringmaster {
namespace {

// One prefill in flight per instance; everything else stays where it can be moved or reordered.
constexpr std::uint32_t kDispatchWindowRequests = 1;
constexpr double kCodeThreshold = 0.5;

}  // namespace

DualMap::DualMap(const DualMapOptions& options, std::uint64_t seed)
    : options_(options), random_(seed) {}

PublishedForm DualMap::published_form() const {
  const bool is_code = options_.variant == DualMapOptions::Variant::kCode;
  return {.queue = is_code ? QueueDiscipline::kLongestHit : QueueDiscipline::kFcfs,
          .rebalancing = !options_.rebalance ? Rebalancing::kOff
                         : is_code           ? Rebalancing::kCode
                                             : Rebalancing::kPaper,
          .dispatch_window_requests = kDispatchWindowRequests,
          .hotness = options_.hotness};
}

void DualMap::choose(const RoutingQuery& query, const FleetState& fleet,
                     RoutingDecision& decision) {
  RINGMASTER_CHECK(!query.homes.empty());
  decision.knows_cache = true;
  std::array<std::uint32_t, 2> blocks{};
  const auto homes = query.homes.span();
  fleet.residency().index().cached_blocks(query.request.chain, homes,
                                          std::span(blocks).first(homes.size()));
  Pair pair;
  for (std::size_t i = 0; i < homes.size(); ++i) {
    const InstanceState& state = fleet[homes[i]];
    const std::uint32_t cached = tokens_of_blocks(query.request, blocks[i]);
    pair[i] = {.instance = homes[i],
               .cached_tokens = cached,
               .estimated_seconds = estimated_ttft_seconds(
                   state, uncached_tokens(query.request.prompt_tokens, cached)),
               .pending_seconds = estimated_ttft_seconds(state, 0),
               .running_kv_blocks = state.load.running_kv_blocks};
    decision.consider(
        {.instance = homes[i], .cached_tokens = cached, .score = pair[i].estimated_seconds});
  }
  if (homes.size() == 1) {
    decision.instance = homes[0];
    decision.reason = "only_home";
    return;
  }
  const double limit_seconds = to_seconds(query.ttft_slo) * options_.threshold;
  if (options_.variant == DualMapOptions::Variant::kPaper) {
    choose_paper(pair, limit_seconds, decision);
  } else {
    choose_code(pair, limit_seconds, decision);
  }
}

void DualMap::choose_paper(const Pair& pair, double limit_seconds,
                           RoutingDecision& decision) const {
  const auto& [first, second] = pair;
  // On equal load the first home: which of the two that is differs from key to key.
  const Home& less_loaded = second.pending_seconds < first.pending_seconds ? second : first;
  if (first.cached_tokens == second.cached_tokens) {
    decision.instance = less_loaded.instance;
    decision.reason = "equal_cache_less_load";
    return;
  }
  const Home& cached = first.cached_tokens > second.cached_tokens ? first : second;
  const bool is_overloaded = cached.estimated_seconds > limit_seconds;
  decision.instance = is_overloaded ? less_loaded.instance : cached.instance;
  decision.reason = is_overloaded ? "past_slo_less_load" : "more_cached";
}

void DualMap::choose_code(const Pair& pair, double limit_seconds, RoutingDecision& decision) {
  const auto& [first, second] = pair;
  const Home* chosen = nullptr;
  if (first.cached_tokens == second.cached_tokens) {
    chosen = &fewer_kv_blocks(pair);
    decision.reason = "equal_cache_fewer_kv_blocks";
  } else {
    chosen = first.cached_tokens > second.cached_tokens ? &first : &second;
    decision.reason = "more_cached";
  }
  if (chosen->estimated_seconds > limit_seconds) {
    decision.reason = "past_slo_least_ttft";
    if (first.estimated_seconds == second.estimated_seconds) {
      chosen = &fewer_kv_blocks(pair);
    } else {
      chosen = first.estimated_seconds < second.estimated_seconds ? &first : &second;
    }
  }
  decision.instance = chosen->instance;
}

const DualMap::Home& DualMap::fewer_kv_blocks(const Pair& pair) {
  if (pair[0].running_kv_blocks != pair[1].running_kv_blocks) {
    return pair[0].running_kv_blocks < pair[1].running_kv_blocks ? pair[0] : pair[1];
  }
  return pair[random_.below(2)];
}

void DualMap::describe(const RoutingQuery& query, const FleetState& fleet,
                       const ScoredCandidate& candidate, ScoreTerms& terms) const {
  terms.say("held + sent + uncached, in seconds; past the limit affinity yields");
  add_ttft_terms(fleet[candidate.instance],
                 uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens), terms);
  terms.add("limit", to_seconds(query.ttft_slo) * options_.threshold);
}

std::unique_ptr<RoutingPolicy> make_dual_map(OptionReader& reader, std::uint64_t seed) {
  constexpr std::array<std::string_view, 2> kVariants{"paper", "code"};
  DualMapOptions options;
  if (reader.choice("variant", kVariants) == 1) {
    options.variant = DualMapOptions::Variant::kCode;
    options.threshold = kCodeThreshold;
    options.hotness.form = HotnessOptions::Form::kCode;
  }
  options.rebalance = reader.flag("rebalance", true);
  options.threshold = reader.number("threshold", options.threshold, 0.01, 100.0);
  read_hotness(reader, options.hotness);
  return std::make_unique<DualMap>(options, seed);
}

}  // namespace ringmaster
