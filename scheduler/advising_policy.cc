#include "scheduler/advising_policy.h"

#include <algorithm>
#include <utility>

#include "policies/policy_registry.h"

namespace ringmaster {

namespace {

AdvisedChoice choice_of(const RoutingQuery& query, const FleetState& fleet,
                        RoutingDecision& decision) {
  AdvisedChoice choice{
      .instance = decision.instance, .reason = decision.reason, .is_refused = decision.is_refused};
  const auto scored = decision.scored();
  const auto chosen = std::ranges::find(scored, decision.instance, &ScoredCandidate::instance);
  choice.cached_tokens = decision.knows_cache && chosen != scored.end()
                             ? chosen->cached_tokens
                             : fleet.cached_tokens(query.request, decision.instance);
  choice.estimated_ttft_seconds = estimated_ttft_seconds(
      fleet[choice.instance], uncached_tokens(query.request.prompt_tokens, choice.cached_tokens));
  return choice;
}

}  // namespace

AdvisedChoice acting_choice(const Decided& decided) {
  return choice_of(decided.query, decided.fleet, decided.decision);
}

AdvisingPolicy::AdvisingPolicy(std::string text, std::unique_ptr<RoutingPolicy> policy)
    : text_(std::move(text)),
      policy_(std::move(policy)),
      hotness_(policy_->published_form().hotness) {}

Result<std::unique_ptr<AdvisingPolicy>> AdvisingPolicy::create(const PolicyConfig& config,
                                                               std::uint64_t seed) {
  auto policy = make_policy(config, seed);
  if (!policy) return tl::unexpected(policy.error());
  return std::unique_ptr<AdvisingPolicy>(
      new AdvisingPolicy(policy_text(config), std::move(*policy)));
}

AdvisedChoice AdvisingPolicy::ask(const Decided& decided) {
  RoutingQuery query = decided.query;
  const bool has_homes = decided.homes_of != nullptr && decided.homes_of->options() == hotness_;
  const bool finds_homes = policy_->needs_homes() && !has_homes;
  const bool by_session = policy_->published_form().homes_by_session;
  if (finds_homes) {
    if (!homes_) homes_.emplace(hotness_);
    homes_->find(query, decided.fleet, by_session);
  } else if (has_homes && query.request.session != 0) {
    // The acting policy's keys, but each its own rule about sessions.
    decided.homes_of->find(query, decided.fleet, by_session);
  }
  RoutingDecision decision;
  policy_->choose(query, decided.fleet, decision);
  if (finds_homes && decided.is_first) {
    homes_->observe(query.request, decided.fleet.eligible().size());
  }
  AdvisedChoice choice = choice_of(query, decided.fleet, decision);
  choice.is_refused = choice.is_refused || !decided.is_admitted;
  return choice;
}

}  // namespace ringmaster
