#include "policies/lmetric.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace ringmaster {

LMetric::LMetric(const LMetricOptions& options) : options_(options) {
  if (options.hot_spot_guard) guard_.emplace(options.class_blocks);
}

bool LMetric::has_class_prefix(InstanceId instance) const {
  return cached_.blocks(instance) >= options_.class_blocks;
}

void LMetric::choose(const RoutingQuery& query, const FleetState& fleet,
                     RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  decision.knows_cache = true;
  const auto scored = [&](InstanceId candidate) {
    const InstanceLoad& load = fleet[candidate].load;
    const bool is_queued = options_.form == LMetricOptions::Form::kQueued;
    const std::uint64_t tokens =
        (is_queued ? load.pending_tokens() : 0) + cached_.uncached(candidate);
    return ScoredCandidate{
        .instance = candidate,
        .cached_tokens = cached_.tokens(candidate),
        .score = static_cast<double>(tokens) * (static_cast<double>(load.requests()) + 1.0)};
  };
  const InstanceId best = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const ScoredCandidate considered = scored(candidate);
    decision.consider(considered);
    return considered.score;
  });
  decision.take(scored(best));
  decision.reason = "least_product";
  if (!guard_) return;

  outside_.clear();
  std::ranges::copy_if(query.candidates, std::back_inserter(outside_),
                       [&](InstanceId candidate) { return !has_class_prefix(candidate); });
  const auto instances = static_cast<std::uint32_t>(query.candidates.size());
  const auto holders = instances - static_cast<std::uint32_t>(outside_.size());
  const bool is_closed = guard_->observe(query.request, holders, instances);
  guard_->note_choice(query.request, has_class_prefix(best));
  if (!is_closed || !has_class_prefix(best)) return;
  decision.take(scored(
      minimum_.pick(outside_, [&](InstanceId candidate) { return scored(candidate).score; })));
  decision.reason = "hot_spot_avoided";
}

void LMetric::describe(const RoutingQuery& query, const FleetState& fleet,
                       const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const InstanceLoad& load = fleet[candidate.instance].load;
  terms.say("(pending + uncached) * batch, in tokens and requests");
  const bool is_queued = options_.form == LMetricOptions::Form::kQueued;
  terms.add("pending", is_queued ? static_cast<double>(load.pending_tokens()) : 0.0);
  terms.add("uncached", uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens));
  terms.add("batch", load.requests() + 1.0);
}

std::unique_ptr<RoutingPolicy> make_lmetric(OptionReader& reader, std::uint64_t /*seed*/) {
  constexpr std::array<std::string_view, 2> kForms{"queued", "uncached"};
  LMetricOptions options;
  options.form = reader.choice("form", kForms) == 0 ? LMetricOptions::Form::kQueued
                                                    : LMetricOptions::Form::kUncached;
  options.hot_spot_guard = reader.flag("hot_spot_guard", options.hot_spot_guard);
  options.class_blocks = reader.count("class_blocks", options.class_blocks, 1, 64);
  return std::make_unique<LMetric>(options);
}

}  // namespace ringmaster
