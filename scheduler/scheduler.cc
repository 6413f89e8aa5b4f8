#include "scheduler/scheduler.h"

#include <string>
#include <utility>

#include "scheduler/request_table.h"
#include "scheduler/routing_parts.h"
#include "scheduler/scheduler_core.h"

namespace ringmaster {
namespace {

/// Beyond it, moving a request within a sorted queue would take too long.
constexpr std::uint32_t kQueueRequestsMax = 65'536;
constexpr std::uint32_t kRingPointsMax = 10'000;
constexpr std::uint32_t kIndexBlocksMax = 1U << 29U;
constexpr std::uint32_t kDecisionLogMax = 1'000'000;
constexpr std::uint32_t kExplanationsMax = 65'536;
constexpr std::int64_t kSecondsMax = 86'400;

Status check_range(const char* name, std::uint64_t value, std::uint64_t min, std::uint64_t max) {
  if (value >= min && value <= max) return {};
  return invalid(std::string(name) + "=" + std::to_string(value) + ": expected " +
                 std::to_string(min) + " to " + std::to_string(max));
}

Status check_duration(const char* name, Duration value) {
  if (value > Duration::zero() && value <= std::chrono::seconds(kSecondsMax)) return {};
  return invalid(std::string(name) + "=" + std::to_string(to_seconds(value)) +
                 "s: expected more than 0 and at most " + std::to_string(kSecondsMax) + "s");
}

Status check_options(const SchedulerOptions& options) {
  const Status checks[] = {
      check_duration("ttft_slo", options.ttft_slo),
      check_duration("queue_wait_max", options.queue_wait_max),
      check_range("ring_points", options.ring_points, 1, kRingPointsMax),
      check_range("queue_requests_max", options.queue_requests_max, 0, kQueueRequestsMax),
      check_range("attempts_max", options.attempts_max, 1, RequestRecord::kAttemptsMax),
      check_range("index_blocks_max", options.index_blocks_max, 1, kIndexBlocksMax),
      check_range("decision_log_size", options.decision_log_size, 1, kDecisionLogMax),
      check_range("explain.kept", options.explain.kept, 0, kExplanationsMax),
  };
  for (const Status& check : checks) {
    if (!check) return check;
  }
  if (options.retry_budget_share >= 0.0 && options.retry_budget_share <= 1.0) return {};
  return invalid("retry_budget_share=" + std::to_string(options.retry_budget_share) +
                 ": expected 0 to 1");
}

}  // namespace

Result<std::unique_ptr<Scheduler>> Scheduler::create(const SchedulerOptions& options) {
  auto parts = RoutingParts::make(options);
  if (!parts) return tl::unexpected(parts.error());
  if (const Status status = check_options(options); !status) return tl::unexpected(status.error());
  auto watch = DecisionWatch::create(options);
  if (!watch) return tl::unexpected(watch.error());
  const PublishedForm form = parts->policy().published_form();
  SchedulerOptions complete = options;
  if (!complete.queue) complete.queue = form.queue;
  if (!complete.rebalancing) complete.rebalancing = form.rebalancing;
  if (!complete.dispatch_window_requests) {
    complete.dispatch_window_requests = form.dispatch_window_requests;
  }
  return std::make_unique<SchedulerCore>(complete, std::move(*parts), std::move(*watch));
}

}  // namespace ringmaster
