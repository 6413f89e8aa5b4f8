#include "sim/metrics.h"

#include <limits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sim/length_buckets.h"
#include "sim/quantiles.h"

namespace ringmaster::sim {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

}  // namespace

RunMetrics summarise(const Workload& workload, const SimulationOutcome& outcome,
                     std::size_t first_counted, const SloTargets& targets) {
  RINGMASTER_CHECK(first_counted < outcome.requests.size());
  RunMetrics metrics{.requests = outcome.requests.size() - first_counted,
                     .pending_tokens_cv = outcome.pending_tokens_cv,
                     .instance_seconds = outcome.instance_seconds,
                     .instances_most = outcome.instances_most,
                     .classes = summarise_classes(workload, outcome, first_counted, targets)};
  std::vector<double> ttft;
  std::vector<double> e2e;
  std::vector<double> tpot;
  LengthBuckets buckets;
  std::uint64_t met = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;
  for (std::size_t i = first_counted; i < outcome.requests.size(); ++i) {
    const RequestOutcome& request = outcome.requests[i];
    const WorkloadRequest& asked = workload.requests()[i];
    const bool is_met = targets.met(request, asked.output_tokens);
    if (is_met) ++met;
    buckets.add(asked.prompt_tokens, is_met);
    metrics.moves += request.moves;
    if (request.attempts > 1) ++metrics.retried;
    if (request.is_rejected) {
      ++metrics.rejected;
      ttft.push_back(kNever);
      e2e.push_back(kNever);
      continue;
    }
    prompt_tokens += asked.prompt_tokens;
    cached_tokens += request.cached_tokens;
    ttft.push_back(to_seconds(request.first_token - request.arrival));
    if (request.is_lost) {
      ++metrics.lost;
      e2e.push_back(kNever);
      continue;
    }
    e2e.push_back(to_seconds(request.finished - request.arrival));
    if (request.finished > request.first_token) {
      tpot.push_back(to_seconds(request.finished - request.first_token) /
                     (asked.output_tokens - 1));
    }
  }
  metrics.slo_attainment = static_cast<double>(met) / static_cast<double>(metrics.requests);
  metrics.worst_length_bucket_attainment = buckets.worst_attainment();
  if (prompt_tokens > 0) {
    metrics.cached_token_share =
        static_cast<double>(cached_tokens) / static_cast<double>(prompt_tokens);
  }
  const Quantiles ttft_quantiles(std::move(ttft));
  metrics.ttft_p50_s = ttft_quantiles.at(0.50);
  metrics.ttft_p90_s = ttft_quantiles.at(0.90);
  metrics.ttft_p99_s = ttft_quantiles.at(0.99);
  metrics.ttft_mean_s = ttft_quantiles.mean_of_finite();
  metrics.e2e_p90_s = Quantiles(std::move(e2e)).at(0.90);
  metrics.tpot_p90_s = Quantiles(std::move(tpot)).at(0.90);
  return metrics;
}

}  // namespace ringmaster::sim
