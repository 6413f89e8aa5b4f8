#include "scheduler/greedy_rebalancer.h"

#include <algorithm>
#include <cstddef>

namespace ringmaster {
namespace {

constexpr std::size_t kQueuedMin = 2;

}  // namespace

bool GreedyRebalancer::needs_relief(InstanceId instance, TimePoint now) const {
  return pressure_.queue(instance).size() >= kQueuedMin &&
         pressure_.is_overloaded(instance, 0, now);
}

void GreedyRebalancer::begin(InstanceId source, TimePoint now) {
  source_ = source;
  now_ = now;
  moved_tokens_ = 0;
  const InstanceState& state = pressure_.view().fleet[source];
  excess_tokens_ = static_cast<double>(state.load.pending_tokens()) -
                   pressure_.slo_seconds() / state.prefill_seconds_per_token;
}

std::optional<PlannedMove> GreedyRebalancer::next() {
  const bool has_excess = excess_tokens_ > 0.0;
  if (has_excess && static_cast<double>(moved_tokens_) >= excess_tokens_) return std::nullopt;
  const InstanceState& state = pressure_.view().fleet[source_];
  std::uint64_t ahead = state.load.tokens_there();
  double best_cost = 0.0;
  std::uint32_t best_tokens = 0;
  std::optional<PlannedMove> best;
  for (const Waiting& waiting : pressure_.queue(source_).items()) {
    ahead += waiting.tokens;
    const RequestRecord& record = pressure_.view().requests.at(waiting.record);
    const auto target = target_of(record);
    if (!target) continue;
    const double cost = seconds_at(*target, waiting, record) -
                        static_cast<double>(ahead) * state.prefill_seconds_per_token;
    if (cost < best_cost) {
      best_cost = cost;
      best_tokens = waiting.tokens;
      best = PlannedMove{waiting.record, target->instance, target->cached_tokens};
    }
  }
  moved_tokens_ += best_tokens;
  return best;
}

std::optional<GreedyRebalancer::Target> GreedyRebalancer::target_of(
    const RequestRecord& record) const {
  const auto other = pressure_.other_home(record, now_);
  if (!other) return std::nullopt;
  const Target home = evaluated(record, *other);
  if (!is_overloaded_with(record, home)) return home;
  InstanceId spill = neighbour_of(source_);
  if (spill == source_ || spill == *other) spill = neighbour_of(*other);
  if (spill == source_ || spill == *other) return std::nullopt;
  if (!pressure_.may_take(spill, record, now_)) return std::nullopt;
  const Target neighbour = evaluated(record, spill);
  if (is_overloaded_with(record, neighbour)) return std::nullopt;
  return neighbour;
}

GreedyRebalancer::Target GreedyRebalancer::evaluated(const RequestRecord& record,
                                                     InstanceId instance) const {
  return {instance, pressure_.view().fleet.cached_tokens(record.spec, instance)};
}

bool GreedyRebalancer::is_overloaded_with(const RequestRecord& record, const Target& target) const {
  return pressure_.is_overloaded(
      target.instance, uncached_tokens(record.spec.prompt_tokens, target.cached_tokens), now_);
}

InstanceId GreedyRebalancer::neighbour_of(InstanceId instance) const {
  const auto eligible = pressure_.view().fleet.eligible();
  const auto next = std::ranges::upper_bound(eligible, instance);
  return next == eligible.end() ? eligible.front() : *next;
}

double GreedyRebalancer::seconds_at(const Target& target, const Waiting& waiting,
                                    const RequestRecord& record) const {
  const InstanceState& state = pressure_.view().fleet[target.instance];
  Waiting there = waiting;
  // What had nothing cached keeps its place, as in the official code: hits are frozen at 0 there.
  if (there.hit_tokens != 0) {
    there.hit_tokens = target.cached_tokens;
    there.rank = pressure_.view().order.rank(there);
  }
  std::uint64_t tokens =
      state.load.tokens_there() + uncached_tokens(record.spec.prompt_tokens, target.cached_tokens);
  for (const Waiting& other : pressure_.queue(target.instance).items()) {
    if (!WaitQueue::precedes(other, there)) break;
    tokens += other.tokens;
  }
  return static_cast<double>(tokens) * state.prefill_seconds_per_token;
}

}  // namespace ringmaster
