#include "policies/sglang_cache_aware.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "policies/load_measure.h"

namespace ringmaster {

bool SglangCacheAware::is_imbalanced(const RoutingQuery& query, const FleetState& fleet) const {
  std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t most = 0;
  for (const InstanceId candidate : query.candidates) {
    least = std::min(least, fleet[candidate].load.requests());
    most = std::max(most, fleet[candidate].load.requests());
  }
  return most - least > options_.balance_abs_threshold &&
         most > options_.balance_rel_threshold * least;
}

bool SglangCacheAware::has_match(const RoutingQuery& query) const {
  std::uint32_t tokens = 0;
  for (const InstanceId candidate : query.candidates) {
    tokens = std::max(tokens, cached_.tokens(candidate));
  }
  if (options_.source == SglangCacheAwareOptions::Source::kEvents) return tokens > 0;
  return tokens > options_.cache_threshold * query.request.prompt_tokens;
}

void SglangCacheAware::choose(const RoutingQuery& query, const FleetState& fleet,
                              RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  decision.knows_cache = true;
  const bool is_out_of_balance = is_imbalanced(query, fleet);
  const bool follows_cache = !is_out_of_balance && has_match(query);
  decision.reason = is_out_of_balance ? "out_of_balance_least_load"
                    : follows_cache   ? "most_cached"
                                      : "no_match_least_load";
  const auto scored = [&](InstanceId candidate) {
    return ScoredCandidate{.instance = candidate,
                           .cached_tokens = cached_.tokens(candidate),
                           .score = follows_cache
                                        ? -static_cast<double>(cached_.blocks(candidate))
                                        : static_cast<double>(fleet[candidate].load.requests())};
  };
  const PrefixIndex& index = fleet.residency().index();
  decision.take(scored(minimum_.pick(query.candidates, [&](InstanceId candidate) {
    decision.consider(scored(candidate));
    return std::tuple(scored(candidate).score,
                      follows_cache ? fleet[candidate].load.requests() : 0U,
                      follows_cache ? index.blocks_of(candidate) : 0U);
  })));
}

void SglangCacheAware::describe(const RoutingQuery& query, const FleetState& fleet,
                                const ScoredCandidate& candidate, ScoreTerms& terms) const {
  if (!is_imbalanced(query, fleet) && has_match(query)) {
    terms.say("- cached blocks");
    terms.add("cached blocks", -static_cast<double>(cached_.blocks(candidate.instance)));
  } else {
    describe_load(fleet[candidate.instance], LoadMeasure::kRequests, terms);
  }
}

std::unique_ptr<RoutingPolicy> make_sglang_cache_aware(OptionReader& reader,
                                                       std::uint64_t /*seed*/) {
  constexpr std::array<std::string_view, 2> kSources{"events", "tree"};
  SglangCacheAwareOptions options;
  options.source = reader.choice("source", kSources) == 0 ? SglangCacheAwareOptions::Source::kEvents
                                                          : SglangCacheAwareOptions::Source::kTree;
  options.cache_threshold = reader.number("cache_threshold", options.cache_threshold, 0.0, 1.0);
  options.balance_abs_threshold =
      reader.count("balance_abs_threshold", options.balance_abs_threshold, 0, 1'000'000);
  options.balance_rel_threshold =
      reader.number("balance_rel_threshold", options.balance_rel_threshold, 1.0, 100.0);
  return std::make_unique<SglangCacheAware>(options);
}

}  // namespace ringmaster
