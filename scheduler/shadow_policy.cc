#include "scheduler/shadow_policy.h"

#include <exception>
#include <utility>

namespace ringmaster {

void ShadowFigures::add(const ShadowFigures& other) {
  decisions += other.decisions;
  differing += other.differing;
  acting_cached_tokens += other.acting_cached_tokens;
  shadow_cached_tokens += other.shadow_cached_tokens;
  acting_ttft_seconds += other.acting_ttft_seconds;
  shadow_ttft_seconds += other.shadow_ttft_seconds;
  has_failed = has_failed || other.has_failed;
  if (failure.empty()) failure = other.failure;
}

void ShadowFigures::take_off(const ShadowFigures& earlier) {
  decisions -= earlier.decisions;
  differing -= earlier.differing;
  acting_cached_tokens -= earlier.acting_cached_tokens;
  shadow_cached_tokens -= earlier.shadow_cached_tokens;
  acting_ttft_seconds -= earlier.acting_ttft_seconds;
  shadow_ttft_seconds -= earlier.shadow_ttft_seconds;
}

ShadowPolicy::ShadowPolicy(std::unique_ptr<AdvisingPolicy> policy) : policy_(std::move(policy)) {
  figures_.policy = policy_->text();
}

template <class Call>
bool ShadowPolicy::attempt(const Call& call) {
  if (figures_.has_failed) return false;
  try {
    call();
  } catch (const std::exception& thrown) {  // Out of memory, say.
    figures_.has_failed = true;
    figures_.failure = thrown.what();
  }
  return !figures_.has_failed;
}

void ShadowPolicy::dispatched(const ObservedRequest& seen) {
  attempt([&] { policy_->policy().observer()->dispatched(seen); });
}

void ShadowPolicy::first_token(const ObservedRequest& seen) {
  attempt([&] { policy_->policy().observer()->first_token(seen); });
}

void ShadowPolicy::ended(const ObservedRequest& seen) {
  attempt([&] { policy_->policy().observer()->ended(seen); });
}

void ShadowPolicy::instance_left(InstanceId instance) {
  attempt([&] { policy_->policy().observer()->instance_left(instance); });
}

std::optional<AdvisedChoice> ShadowPolicy::decide(const Decided& decided) {
  AdvisedChoice choice;
  if (!attempt([&] { choice = policy_->ask(decided); })) return std::nullopt;
  const AdvisedChoice acting = acting_choice(decided);
  ++figures_.decisions;
  const bool is_same = choice.instance == acting.instance && choice.is_refused == acting.is_refused;
  if (!is_same) ++figures_.differing;
  figures_.acting_cached_tokens += acting.cached_tokens;
  figures_.shadow_cached_tokens += choice.cached_tokens;
  figures_.acting_ttft_seconds += acting.estimated_ttft_seconds;
  figures_.shadow_ttft_seconds += choice.estimated_ttft_seconds;
  return choice;
}

}  // namespace ringmaster
