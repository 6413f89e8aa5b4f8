#include "cli/sim_plan_command.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/kept_points.h"
#include "cli/parallel_runs.h"
#include "cli/sim_flags.h"
#include "cli/sim_runs.h"
#include "cli/sim_sweep.h"
#include "cli/text_file.h"
#include "sim/capacity.h"

namespace ringmaster {
namespace {

struct PlanFlags {
  SimFlags sim;
  std::uint32_t instances_max = 256;
};

/// A fleet is simulated unless an earlier run has kept it.
Result<sim::RunReport> run_fleet(const SimSweep::Point& fleet, KeptPoints* kept,
                                 std::atomic<std::size_t>& fleets) {
  ++fleets;
  if (kept == nullptr) return sim::run_point(*fleet.workload, fleet.options);
  auto found = kept->find(fleet);
  if (!found) return tl::unexpected(std::move(found).error());
  if (*found) return std::move(**found);
  auto report = sim::run_point(*fleet.workload, fleet.options);
  if (!report) return report;
  if (auto status = kept->keep(fleet, *report); !status) {
    return tl::unexpected(std::move(status).error());
  }
  return report;
}

/// A point without a rate gets the trace's own.
Result<sim::CapacityPlan> plan_point(const SimSweep::Point& point, const sim::GoodputTarget& target,
                                     std::uint32_t instances_max, const RunPoint& run) {
  sim::RunOptions options = point.options;
  if (options.arrivals.qps == 0.0) {
    const auto rate = sim::own_rate(point.workload->requests(), options.arrivals.warmup_requests);
    if (!rate) return tl::unexpected(rate.error());
    options.arrivals.qps = *rate;
  }
  return sim::plan_capacity(*point.workload, std::move(options), target, instances_max,
                            [&](const sim::RunOptions& fleet) {
                              return run({point.workload, fleet});
                            });
}

Result<std::vector<sim::CapacityPlan>> plan_all(const PlanFlags& flags) {
  const auto target = read_target(flags.sim);
  if (!target) return tl::unexpected(target.error());
  const auto sweep = plan_sweep(flags.sim);
  if (!sweep) return tl::unexpected(sweep.error());
  std::unique_ptr<KeptPoints> kept;
  if (!flags.sim.resume.empty()) {
    auto opened = KeptPoints::open(flags.sim);
    if (!opened) return tl::unexpected(std::move(opened).error());
    kept = std::move(*opened);
  }
  std::atomic<std::size_t> fleets = 0;
  const RunPoint run = [&](const SimSweep::Point& fleet) {
    return run_fleet(fleet, kept.get(), fleets);
  };
  std::vector<Result<sim::CapacityPlan>> results(sweep->points.size());
  run_parallel(results.size(), flags.sim.jobs, "planned", [&](std::size_t i) {
    results[i] = plan_point(sweep->points[i], *target, flags.instances_max, run);
  });
  if (kept != nullptr) kept->tell(fleets);
  std::vector<sim::CapacityPlan> plans;
  for (auto& result : results) {
    if (!result) return tl::unexpected(std::move(result).error());
    plans.push_back(std::move(*result));
  }
  return plans;
}

int run(const PlanFlags& flags) {
  const auto plans = plan_all(flags);
  if (!plans) return complain(plans.error());
  if (!flags.sim.json.empty()) {
    const auto status = write_text(flags.sim.json, sim::to_json(*plans));
    if (!status) return complain(status.error());
  }
  if (flags.sim.json != "-") std::fputs(sim::to_table(*plans).c_str(), stdout);
  const bool is_feasible = std::ranges::all_of(
      *plans, [](const sim::CapacityPlan& plan) { return plan.smallest.has_value(); });
  return is_feasible ? 0 : 1;
}

}  // namespace

void add_sim_plan(CLI::App& sim, int& exit_code) {
  auto flags = std::make_shared<PlanFlags>();
  flags->sim.setting = "realistic";
  auto* command =
      sim.add_subcommand("plan", "Find how many instances each policy needs to meet the targets");
  add_workload_flags(*command, flags->sim);
  add_fleet_flags(*command, flags->sim);
  command->add_option("--qps", flags->sim.qps, "Mean arrival rates, requests/s [the trace's own]")
      ->group("Workload")
      ->delimiter(',')
      ->type_name("RATE,...");
  add_target_flags(*command, flags->sim);
  command->add_option("--instances-max", flags->instances_max, "Largest fleet to think of")
      ->group("Fleet")
      ->check(CLI::Range(1, 4095))
      ->capture_default_str();
  add_output_flags(*command, flags->sim);
  command->remove_option(command->get_option("--instances"));
  command->remove_option(command->get_option("--no-wall"));
  command->get_option("--trace")->required();
  command->footer(
      "busy: instances that the work alone would keep busy if every repeated block were a hit.\n"
      "Exit code 1 if a target cannot be met; it is said by which limit.\n"
      "Examples:\n"
      "  ringmaster sim plan --trace t.jsonl --slo-ttft 2s --attainment 0.95 --policy "
      "dualmap,min_ttft\n"
      "  ringmaster sim plan --trace t.jsonl --qps 20,40 --profile qwen2.5-14b@910b3 --json -\n"
      "  ringmaster sim plan --trace t.jsonl --seed 1,2,3 --jitter 0.3 --resume plan.points");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace ringmaster
