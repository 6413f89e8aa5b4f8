#include "scheduler/freeness_rebalancer.h"

#include "policies/freeness.h"

namespace ringmaster {
namespace {

constexpr double kLowFreeness = 3.0;  // Steps; published.

}  // namespace

double FreenessRebalancer::freeness(InstanceId instance, const RequestRecord& request) const {
  return Freeness(pressure_.view().fleet[instance], request.spec.block_tokens).value();
}

bool FreenessRebalancer::needs_relief(InstanceId instance, TimePoint now) const {
  const WaitQueue& queue = pressure_.queue(instance);
  if (queue.empty()) return false;
  const RequestRecord& first = pressure_.view().requests.at(queue.front().record);
  return freeness(instance, first) < kLowFreeness || pressure_.has_waited_long(instance, now);
}

void FreenessRebalancer::begin(InstanceId source, TimePoint now) {
  source_ = source;
  now_ = now;
  moves_left_ = pressure_.queue(source).size();
}

std::optional<PlannedMove> FreenessRebalancer::next() {
  if (moves_left_ == 0 || !needs_relief(source_, now_)) return std::nullopt;
  --moves_left_;
  const Candidate candidate = lowest_and_shortest();
  const auto target = freest_for(*candidate.record);
  if (!target || freeness(*target, *candidate.record) <= freeness(source_, *candidate.record)) {
    return std::nullopt;
  }
  const RebalancerView& view = pressure_.view();
  const std::uint32_t cached = view.fleet.cached_tokens(candidate.record->spec, *target);
  const double seconds_there = pressure_.pending_seconds(
      *target, uncached_tokens(candidate.record->spec.prompt_tokens, cached));
  const double seconds_here = static_cast<double>(candidate.tokens_at_source) *
                              view.fleet[source_].prefill_seconds_per_token;
  if (seconds_there >= seconds_here) return std::nullopt;
  return PlannedMove{candidate.record->index, *target, cached};
}

FreenessRebalancer::Candidate FreenessRebalancer::lowest_and_shortest() const {
  std::uint64_t ahead = pressure_.view().fleet[source_].load.sent_tokens;
  Candidate best;
  const Waiting* chosen = nullptr;
  for (const Waiting& waiting : pressure_.queue(source_).items()) {
    ahead += waiting.tokens;
    const bool is_better =
        chosen == nullptr || waiting.priority < chosen->priority ||
        (waiting.priority == chosen->priority && waiting.tokens < chosen->tokens);
    if (!is_better) continue;
    chosen = &waiting;
    best = {&pressure_.view().requests.at(waiting.record), ahead};
  }
  return best;
}

std::optional<InstanceId> FreenessRebalancer::freest_for(const RequestRecord& record) const {
  std::optional<InstanceId> best;
  double most = 0.0;
  for (const InstanceId instance : pressure_.view().fleet.eligible()) {
    if (instance == source_ || !pressure_.may_take(instance, record, now_)) continue;
    const double free = freeness(instance, record);
    if (best && free <= most) continue;
    best = instance;
    most = free;
  }
  return best;
}

}  // namespace ringmaster
