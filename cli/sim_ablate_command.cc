#include "cli/sim_ablate_command.h"

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/sim_flags.h"
#include "cli/sim_runs.h"
#include "cli/text_file.h"
#include "sim/ablation.h"

namespace ringmaster {
namespace {

struct AblateFlags {
  SimFlags sim;
  bool is_markdown = false;
};

Status check_markdown(const AblateFlags& flags, const SimSweep& sweep) {
  if (!flags.is_markdown) return {};
  std::set<std::string> policies;
  for (const SimSweep::Point& point : sweep.points) {
    policies.insert(point.options.simulation.scheduler.policy.name);
  }
  if (policies.size() == 1) return {};
  return invalid("--markdown: expected one policy, found " + std::to_string(policies.size()));
}

/// Each point of a sweep, whole and without each part.
Result<SimSweep> plan_runs(const SimSweep& sweep) {
  SimSweep runs;
  for (const SimSweep::Point& point : sweep.points) {
    auto options = sim::without_each_part(point.options);
    if (!options) return tl::unexpected(std::move(options).error());
    for (sim::RunOptions& each : *options) {
      runs.points.push_back({point.workload, std::move(each)});
    }
  }
  return runs;
}

Result<std::vector<sim::Ablation>> ablate(const AblateFlags& all_flags) {
  const SimFlags& flags = all_flags.sim;
  const auto target = read_target(flags);
  if (!target) return tl::unexpected(target.error());
  const auto sweep = plan_sweep(flags);
  if (!sweep) return tl::unexpected(sweep.error());
  if (auto status = check_markdown(all_flags, *sweep); !status) {
    return tl::unexpected(std::move(status).error());
  }
  const auto runs = plan_runs(*sweep);
  if (!runs) return tl::unexpected(runs.error());
  auto reports = run_sweep(flags, *runs, [&target](const SimSweep::Point& point) {
    return sim::find_goodput(*point.workload, point.options, *target);
  });
  if (!reports) return tl::unexpected(std::move(reports).error());
  std::vector<sim::Ablation> ablations;
  std::size_t next = 0;
  for (const SimSweep::Point& point : sweep->points) {
    sim::Ablation& ablation = ablations.emplace_back();
    ablation.whole = std::move((*reports)[next++]);
    const std::size_t parts = policy_parts(point.options.simulation.scheduler.policy.name).size();
    for (std::size_t i = 0; i < parts; ++i) {
      ablation.without.push_back(std::move((*reports)[next++]));
    }
  }
  return ablations;
}

Status print(const AblateFlags& flags, const std::vector<sim::Ablation>& ablations) {
  if (!flags.sim.json.empty()) {
    if (auto status = write_text(flags.sim.json, sim::to_json(ablations)); !status) return status;
    if (flags.sim.json == "-") return {};
  }
  if (!flags.is_markdown) {
    std::fputs(sim::to_table(ablations).c_str(), stdout);
    return {};
  }
  std::fputs(sim::to_markdown(ablations).c_str(), stdout);
  return {};
}

int run(const AblateFlags& flags) {
  const auto ablations = ablate(flags);
  if (!ablations) return complain(ablations.error());
  const auto status = print(flags, *ablations);
  return status ? 0 : complain(status.error());
}

}  // namespace

void add_sim_ablate(CLI::App& sim, int& exit_code) {
  auto flags = std::make_shared<AblateFlags>();
  flags->sim.policies = {"ringmaster"};
  auto* command =
      sim.add_subcommand("ablate", "Find the goodput of a policy without each of its parts");
  add_workload_flags(*command, flags->sim);
  add_fleet_flags(*command, flags->sim);
  add_target_flags(*command, flags->sim);
  add_output_flags(*command, flags->sim);
  command->add_flag("--markdown", flags->is_markdown, "Print the table as Markdown");
  command->remove_option(command->get_option("--no-wall"));
  command->get_option("--trace")->required();
  command->footer(
      "Examples:\n"
      "  ringmaster sim ablate --trace conversation_trace.jsonl --policy ringmaster\n"
      "  ringmaster sim ablate --trace a.jsonl,b.jsonl --model batching --resume ablation.points "
      "--markdown");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace ringmaster
