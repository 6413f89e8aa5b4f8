#include "fleet/foreign_load.h"

#include <algorithm>
#include <cmath>

namespace ringmaster {
namespace {

constexpr std::uint32_t kDispatchesMax = 100;

// Against nonsense in reports: sums of loads stay far from their types' limits.
constexpr double kForeignRequestsMax = 1e6;
constexpr double kForeignTokensMax = 1e12;
constexpr double kForeignBlocksMax = 1e12;

}  // namespace

void MeanRequest::note(std::uint32_t uncached_tokens, std::uint64_t kv_blocks) {
  seen_ = std::min(seen_ + 1, kDispatchesMax);
  uncached_tokens_ += (uncached_tokens - uncached_tokens_) / seen_;
  kv_blocks_ += (static_cast<double>(kv_blocks) - kv_blocks_) / seen_;
}

void ForeignLoad::note(TimePoint now, InstanceLoad& load) {
  if (!is_followed_) return;
  follow(now, load);
  if (load.foreign_requests > 0 && now - reported_at_ > kBelievedFor) set(0.0, 0.0, {}, load);
}

void ForeignLoad::follow(TimePoint now, const InstanceLoad& load) {
  const Sent sent{.since = now,
                  .tokens = load.sent_tokens,
                  .requests = load.prefilling_requests + load.decoding_requests};
  if (!history_.empty() && history_.back().since == now) {
    history_.back() = sent;
    return;
  }
  history_.push_back(sent);
  if (history_.size() > kHistoryMax) history_.pop_front();
}

ForeignLoad::Sent ForeignLoad::most_sent(TimePoint from, TimePoint to) {
  // Of the states before `from` only the last one was still true then.
  while (history_.size() > 1 && history_[1].since <= from) history_.pop_front();
  Sent most = history_.front();
  for (const Sent& sent : history_) {
    if (sent.since > to) break;
    most.tokens = std::max(most.tokens, sent.tokens);
    most.requests = std::max(most.requests, sent.requests);
  }
  return most;
}

void ForeignLoad::apply(const InstanceReport& report, TimePoint now, const MeanRequest& mean,
                        InstanceLoad& load) {
  if (!is_followed_) {
    is_followed_ = true;
    reported_at_ = now;
    return follow(now, load);
  }
  if (report.time < reported_at_ || (!report.running_requests && !report.waiting_requests)) return;
  reported_at_ = report.time;
  if (report.is_of_owner) load.put_aside_tokens = report.put_aside_tokens;
  const Sent own = most_sent(report.time - report.time_error, report.time);
  const std::uint64_t waiting = report.waiting_requests.value_or(0);
  const std::uint64_t reported = report.running_requests.value_or(0) + waiting;
  if (reported <= own.requests) return set(0.0, 0.0, mean, load);
  const auto foreign = static_cast<double>(reported - own.requests);
  double tokens = 0.0;
  if (report.queued_prefill_tokens) {
    tokens = static_cast<double>(*report.queued_prefill_tokens) - static_cast<double>(own.tokens);
  } else {
    const double share = foreign / static_cast<double>(reported);
    tokens = static_cast<double>(waiting) * share * mean.uncached_tokens();
  }
  set(std::min(foreign, kForeignRequestsMax), std::clamp(tokens, 0.0, kForeignTokensMax), mean,
      load);
}

void ForeignLoad::set(double requests, double tokens, const MeanRequest& mean, InstanceLoad& load) {
  // Those that no token waits for are decoding.
  const double prefilling =
      mean.uncached_tokens() > 0.0 ? std::ceil(tokens / mean.uncached_tokens()) : requests;
  const double decoding = std::max(0.0, requests - prefilling);
  const auto kv_blocks =
      static_cast<std::uint64_t>(std::min(decoding * mean.kv_blocks(), kForeignBlocksMax));
  load.foreign_requests = static_cast<std::uint32_t>(requests);
  load.foreign_tokens = static_cast<std::uint64_t>(tokens);
  load.running_kv_blocks = load.running_kv_blocks - kv_blocks_ + kv_blocks;
  kv_blocks_ = kv_blocks;
}

}  // namespace ringmaster
