#include "sim/run_history.h"

#include <algorithm>
#include <span>

namespace ringmaster::sim {

void RunHistory::carry_on(Pending& pending, TimePoint now) const {
  const double period = period_seconds();
  const double begin = to_seconds(std::clamp(pending.since, from_, to_) - from_);
  const double end = to_seconds(std::clamp(now, from_, to_) - from_);
  pending.since = now;
  if (pending.tokens == 0 || end <= begin) return;
  const auto first = std::min(kPeriods - 1, static_cast<std::size_t>(begin / period));
  for (std::size_t i = first; i < kPeriods; ++i) {
    const double from = std::max(begin, static_cast<double>(i) * period);
    const double to = i + 1 == kPeriods ? end : std::min(end, static_cast<double>(i + 1) * period);
    if (from >= end) break;
    pending.token_seconds[i] += static_cast<double>(pending.tokens) * std::max(0.0, to - from);
  }
}

void RunHistory::change_pending(std::uint32_t instance, std::int64_t tokens, TimePoint now) {
  if (instance >= pending_.size()) pending_.resize(instance + std::size_t{1}, {.since = from_});
  carry_on(pending_[instance], now);
  pending_[instance].tokens += tokens;
}

void RunHistory::note_choice(std::uint32_t request, const DecisionRecord& decision) {
  if (request >= choices_.size()) choices_.resize(request + std::size_t{1});
  Choice& choice = choices_[request];
  choice = {.reason = decision.reason, .is_held = decision.held};
  for (const CandidateRecord& candidate :
       std::span(decision.candidates).first(decision.candidate_count)) {
    if (candidate.instance == decision.chosen) {
      choice.estimated_ttft_s = static_cast<float>(candidate.estimated_ttft_seconds);
    }
  }
}

void RunHistory::finish() {
  for (Pending& pending : pending_) carry_on(pending, to_);
}

std::array<double, RunHistory::kPeriods> RunHistory::mean_pending_tokens(
    std::uint32_t instance) const {
  auto means = pending_[instance].token_seconds;
  for (double& mean : means) mean /= period_seconds();
  return means;
}

}  // namespace ringmaster::sim
