#include "sim/capacity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace ringmaster::sim {
namespace {

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f %%", 100.0 * share);
  return text.data();
}

std::string seconds(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g s", value);
  return text.data();
}

/// Simulates fleets of several sizes, each once.
class FleetSizes {
 public:
  FleetSizes(const RunFleet& run, const RunOptions& options, const GoodputTarget& target)
      : run_(run), options_(options), target_(target) {}

  Result<bool> is_met(std::uint32_t instances) {
    const auto report = at(instances);
    if (!report) return tl::unexpected(report.error());
    return meets(report->metrics, target_);
  }

  Result<RunReport> at(std::uint32_t instances) {
    const auto known = reports_.find(instances);
    if (known != reports_.end()) return known->second;
    options_.simulation.instances = instances;
    auto report = run_(options_);
    if (!report) return report;
    simulated_ += report->simulated_requests;
    return reports_.emplace(instances, std::move(*report)).first->second;
  }

  [[nodiscard]] std::uint64_t simulated() const { return simulated_; }

 private:
  const RunFleet& run_;
  RunOptions options_;
  const GoodputTarget target_;
  std::map<std::uint32_t, RunReport> reports_;
  std::uint64_t simulated_ = 0;
};

/// The smallest size that meets the target, or none up to the largest. Begins at `guess`.
Result<std::optional<std::uint32_t>> smallest_size(FleetSizes& sizes, std::uint32_t guess,
                                                   std::uint32_t largest) {
  std::uint32_t missed = 0;
  std::uint32_t met = guess;
  for (;;) {
    const auto is_met = sizes.is_met(met);
    if (!is_met) return tl::unexpected(is_met.error());
    if (*is_met) break;
    if (met == largest) return std::nullopt;
    missed = met;
    met = std::min(2 * met, largest);
  }
  while (met - missed > 1) {
    const std::uint32_t middle = missed + (met - missed) / 2;
    const auto is_met = sizes.is_met(middle);
    if (!is_met) return tl::unexpected(is_met.error());
    (*is_met ? met : missed) = middle;
  }
  return met;
}

/// Counted requests whose least prefill takes at least that long.
std::size_t count_longer(std::span<const std::uint32_t> least_tokens, double seconds_per_token,
                         double limit_s) {
  return static_cast<std::size_t>(std::ranges::count_if(
      least_tokens, [&](std::uint32_t tokens) { return tokens * seconds_per_token >= limit_s; }));
}

/// Why no fleet of any size can meet the target; empty if that cannot be said beforehand.
std::string limit_of_prompts(std::span<const std::uint32_t> least_tokens, const RunOptions& options,
                             const GoodputTarget& target) {
  constexpr double kTail = 0.01;  // Beyond the P99.
  const double per_token = options.simulation.profile.prefill_seconds_per_token;
  const double slo_s = to_seconds(options.simulation.scheduler.ttft_slo);
  const double p99_s = to_seconds(target.ttft_p99_max);
  const auto counted = static_cast<double>(least_tokens.size());
  const double late = static_cast<double>(count_longer(least_tokens, per_token, slo_s)) / counted;
  const double slow = static_cast<double>(count_longer(least_tokens, per_token, p99_s)) / counted;
  const std::uint32_t longest = *std::ranges::max_element(least_tokens);
  const std::string whatever =
      " even on an idle instance with every repeated block cached (the longest: " +
      std::to_string(longest) + " tokens, " + seconds(longest * per_token) + ")";
  if (1.0 - late < target.attainment) {
    return "the prompts: the prefill of " + percent(late) + " of the requests alone takes " +
           seconds(slo_s) + " or longer," + whatever + "; " + percent(1.0 - late) +
           " at best can be on time, and " + percent(target.attainment) + " are to be";
  }
  if (slow > kTail) {
    return "the limit of the P99: the prefill of " + percent(slow) +
           " of the requests alone takes " + seconds(p99_s) + " or longer," + whatever;
  }
  return {};
}

std::string limit_of_size(const RunMetrics& metrics, const GoodputTarget& target,
                          std::uint32_t instances) {
  std::string text = "the size: " + std::to_string(instances) + " instances have " +
                     percent(metrics.slo_attainment) + " on time (" + percent(target.attainment) +
                     " are to be) and a P99 ";
  text += metrics.ttft_p99_s ? "of " + seconds(*metrics.ttft_p99_s) : "among the rejected";
  return text + " (limit " + seconds(to_seconds(target.ttft_p99_max)) + ")";
}

}  // namespace

Result<CapacityPlan> plan_capacity(const Workload& workload, RunOptions options,
                                   const GoodputTarget& target, std::uint32_t instances_max,
                                   const RunFleet& run) {
  if (instances_max < 1) return invalid("instances: expected a maximum of at least 1, found 0");
  if (!options.simulation.fleet.empty() || options.simulation.autoscaler) {
    return invalid(
        "a plan chooses the number of equal instances: expected neither a mixed fleet "
        "nor an autoscaler");
  }
  if (const auto valid = plan_arrivals(workload.requests(), options.arrivals); !valid) {
    return tl::unexpected(valid.error());
  }
  const auto all = least_uncached_tokens(workload);
  const auto counted = std::span(all).subspan(options.arrivals.warmup_requests);
  const double mean_tokens =
      std::accumulate(counted.begin(), counted.end(), 0.0) / static_cast<double>(counted.size());
  CapacityPlan plan{.options = options,
                    .busy_instances = options.arrivals.qps * mean_tokens *
                                      options.simulation.profile.prefill_seconds_per_token};
  plan.limit = limit_of_prompts(counted, options, target);
  if (!plan.limit.empty()) return plan;

  const RunFleet plainly = [&](const RunOptions& each) { return run_point(workload, each); };
  FleetSizes sizes(run == nullptr ? plainly : run, options, target);
  const double guess = std::clamp(std::ceil(plan.busy_instances), 1.0, double(instances_max));
  const auto size = smallest_size(sizes, static_cast<std::uint32_t>(guess), instances_max);
  if (!size) return tl::unexpected(size.error());
  if (!*size) {
    plan.limit = limit_of_size(sizes.at(instances_max)->metrics, target, instances_max);
  } else {
    const std::uint32_t smallest = **size;
    plan.smallest = *sizes.at(smallest);
    if (smallest > 1) plan.one_fewer = *sizes.at(smallest - 1);
    auto more = sizes.at(smallest + 1);
    if (!more) return tl::unexpected(std::move(more).error());
    plan.one_more = std::move(*more);
  }
  plan.simulated_requests = sizes.simulated();
  return plan;
}

}  // namespace ringmaster::sim
