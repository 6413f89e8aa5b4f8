#include "sim/run.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ringmaster::sim {
namespace {

constexpr double kRatesPerUnit = 100.0;  // Rates tried are multiples of 0.01 requests/s.
constexpr double kBoundFactor = 1.5;     // Targets below 100 % can be met past the bound.

double bound_qps(const Workload& workload, const RunOptions& options) {
  const std::size_t first = options.arrivals.warmup_requests;
  const auto counted = static_cast<double>(workload.requests().size() - first);
  const double mean_tokens =
      static_cast<double>(uncached_tokens_at_best(workload, first)) / counted;
  const SimulationOptions& fleet = options.simulation;
  double tokens_per_second = 0.0;
  for (const FleetMember& member : fleet.fleet) {
    tokens_per_second += 1.0 / member.profile.prefill_seconds_per_token;
  }
  if (fleet.fleet.empty()) {
    tokens_per_second = fleet.instances / fleet.profile.prefill_seconds_per_token;
  }
  return tokens_per_second / mean_tokens;
}

}  // namespace

bool meets(const RunMetrics& metrics, const GoodputTarget& target) {
  return metrics.slo_attainment >= target.attainment && metrics.ttft_p99_s.has_value() &&
         *metrics.ttft_p99_s <= to_seconds(target.ttft_p99_max);
}

Result<RunReport> run_point(const Workload& workload, const RunOptions& options) {
  const auto arrivals = plan_arrivals(workload.requests(), options.arrivals);
  if (!arrivals) return tl::unexpected(arrivals.error());
  const std::size_t first_counted = options.arrivals.warmup_requests;
  SimulationOptions simulation = options.simulation;
  std::optional<RunHistory> history;
  if (options.is_detailed) {
    // At least a nanosecond, should there be one counted request only.
    const auto last = std::max(arrivals->back(), (*arrivals)[first_counted] + Duration(1));
    history.emplace(TimePoint{} + (*arrivals)[first_counted], TimePoint{} + last);
    simulation.history = &*history;
  }
  const auto outcome = simulate(workload, *arrivals, first_counted, simulation);
  if (!outcome) return tl::unexpected(outcome.error());
  const SloTargets targets{.ttft = options.simulation.scheduler.ttft_slo,
                           .tpot = options.simulation.tpot_slo,
                           .classes = options.simulation.classes};
  RunReport report{.options = options,
                   .metrics = summarise(workload, *outcome, first_counted, targets),
                   .simulated_requests = workload.requests().size(),
                   .shadow = outcome->shadow,
                   .copies = outcome->copies};
  if (history) {
    report.details = std::make_shared<const RunDetails>(
        describe(workload, *outcome, first_counted, simulation, *history));
  }
  return report;
}

Result<RunReport> find_goodput(const Workload& workload, RunOptions options,
                               const GoodputTarget& target) {
  options.arrivals.qps = 1.0;
  options.is_detailed = false;
  if (const auto valid = plan_arrivals(workload.requests(), options.arrivals); !valid) {
    return tl::unexpected(valid.error());
  }
  const double bound = bound_qps(workload, options);
  // Rates are multiples of the step, so that the result does not depend on rounding.
  auto met = std::int64_t{0};
  auto missed = static_cast<std::int64_t>(std::ceil(bound * kBoundFactor * kRatesPerUnit)) + 1;
  std::uint64_t simulated = 0;
  RunReport best;  // At `met`, or at the lowest rate tried while none is met.
  while (missed - met > 1) {
    const std::int64_t middle = met + (missed - met) / 2;
    options.arrivals.qps = static_cast<double>(middle) / kRatesPerUnit;
    auto report = run_point(workload, options);
    if (!report) return report;
    simulated += report->simulated_requests;
    const bool is_met = meets(report->metrics, target);
    if (is_met || met == 0) best = std::move(*report);
    (is_met ? met : missed) = middle;
  }
  best.goodput_qps = static_cast<double>(met) / kRatesPerUnit;
  best.bound_qps = bound;
  best.simulated_requests = simulated;
  return best;
}

}  // namespace ringmaster::sim
