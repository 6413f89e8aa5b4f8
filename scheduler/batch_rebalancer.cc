#include "scheduler/batch_rebalancer.h"

#include <algorithm>

namespace ringmaster {
namespace {

double target_seconds(const RequestRecord& record, double fleet_seconds) {
  return record.spec.ttft_slo > Duration::zero() ? to_seconds(record.spec.ttft_slo) : fleet_seconds;
}

}  // namespace

bool BatchRebalancer::needs_relief(InstanceId instance, TimePoint now) const {
  return !pressure_.queue(instance).empty() && pressure_.is_overloaded(instance, 0, now);
}

void BatchRebalancer::begin(InstanceId source, TimePoint now) {
  source_ = source;
  now_ = now;
  next_ = 0;
  candidates_.clear();
  const InstanceState& state = pressure_.view().fleet[source];
  std::uint64_t ahead = state.load.tokens_there();
  for (const Waiting& waiting : pressure_.queue(source).items()) {
    ahead += waiting.tokens;
    consider(waiting, static_cast<double>(ahead) * state.prefill_seconds_per_token);
  }
  std::ranges::sort(candidates_, [](const Candidate& a, const Candidate& b) {
    return a.benefit_seconds != b.benefit_seconds ? a.benefit_seconds > b.benefit_seconds
                                                  : a.id < b.id;
  });
}

void BatchRebalancer::consider(const Waiting& waiting, double seconds_at_source) {
  const RequestRecord& record = pressure_.view().requests.at(waiting.record);
  const auto target = pressure_.other_home(record, now_);
  if (!target) return;
  const double limit = std::min(seconds_at_source, target_seconds(record, pressure_.slo_seconds()));
  // Without its own tokens the request is already too late there: spare the walk of the index.
  if (pressure_.pending_seconds(*target, 0) >= limit) return;
  const std::uint32_t cached = pressure_.view().fleet.cached_tokens(record.spec, *target);
  const std::uint32_t tokens = uncached_tokens(record.spec.prompt_tokens, cached);
  const double seconds_at_target = pressure_.pending_seconds(*target, tokens);
  if (seconds_at_target >= limit) return;
  candidates_.push_back({.move = {waiting.record, *target, cached},
                         .id = waiting.id,
                         .tokens = tokens,
                         .seconds_at_source = seconds_at_source,
                         .benefit_seconds = seconds_at_source - seconds_at_target});
}

std::optional<PlannedMove> BatchRebalancer::next() {
  while (next_ < candidates_.size() && needs_relief(source_, now_)) {
    const Candidate& candidate = candidates_[next_++];
    const RequestRecord& record = pressure_.view().requests.at(candidate.move.record);
    const double seconds_at_target = pressure_.pending_seconds(candidate.move.to, candidate.tokens);
    if (seconds_at_target < candidate.seconds_at_source &&
        seconds_at_target < target_seconds(record, pressure_.slo_seconds())) {
      return candidate.move;
    }
  }
  return std::nullopt;
}

}  // namespace ringmaster
