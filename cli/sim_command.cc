#include "cli/sim_command.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/sim_ablate_command.h"
#include "cli/sim_compare_command.h"
#include "cli/sim_explain.h"
#include "cli/sim_flags.h"
#include "cli/sim_plan_command.h"
#include "cli/sim_report.h"
#include "cli/sim_runs.h"
#include "cli/sim_sweep.h"
#include "cli/text_file.h"
#include "cli/trace_file.h"
#include "sim/replay.h"
#include "sim/run.h"

namespace ringmaster {
namespace {

int misused(std::string message) {
  return complain(invalid(std::move(message)).value());
}

Result<SimSweep> plan(const SimFlags& flags) {
  auto sweep = plan_sweep(flags);
  if (!sweep) return sweep;
  if (!flags.record.empty() && sweep->points.size() != 1) {
    return invalid("--record: expected one trace, policy, rate and seed, found " +
                   std::to_string(sweep->points.size()) + " points");
  }
  if (auto status = check_report(flags, *sweep); !status) return tl::unexpected(status.error());
  const sim::SimulationOptions& fleet = sweep->points.front().options.simulation;
  if (!fleet.autoscaler) {
    if (auto status = sim::check_places(fleet.changes, fleet.instances); !status) {
      return tl::unexpected(std::move(status).error().while_doing(flags.fleet.events));
    }
  }
  return sweep;
}

int run_sim(const SimFlags& flags) {
  if (flags.traces.empty())
    return misused("--trace: expected FILE[,FILE...]; see ringmaster sim --help");
  if (flags.qps.empty())
    return misused("--qps: expected RATE[,RATE...]; see ringmaster sim --help");
  const auto sweep = plan(flags);
  if (!sweep) return complain(sweep.error());
  std::string recording;
  const bool is_recorded = !flags.record.empty();
  const auto reports = run_sweep(flags, *sweep, [&](const SimSweep::Point& point) {
    sim::RunOptions options = point.options;
    if (is_recorded) options.simulation.recording = &recording;
    return sim::run_point(*point.workload, options);
  });
  if (!reports) return complain(reports.error());
  auto status = print_reports(flags, *reports);
  if (status && is_recorded) status = write_text(flags.record, recording);
  if (status && !flags.report.empty()) status = write_report(flags, {}, {}, *reports);
  return status ? 0 : complain(status.error());
}

int replay(const std::string& file, bool is_quiet) {
  const auto text = read_text_file(file);
  if (!text) return complain(text.error());
  const auto result = sim::replay_recording(*text, file);
  if (!result) return complain(result.error());
  if (!is_quiet) std::fputs(result->action_lines.c_str(), stdout);
  std::printf("%zu events, %zu actions, digest %016llx\n", result->events, result->actions,
              static_cast<unsigned long long>(result->digest));
  if (const auto& difference = result->difference) {
    std::fprintf(stderr, "ringmaster: %s\n", difference->c_str());
    return 1;
  }
  return 0;
}

/// Runs what the page shows beside the searches, and writes it.
Status report_searches(const SimFlags& flags, const sim::GoodputTarget& target,
                       const SimSweep& sweep, const std::vector<sim::RunReport>& searches) {
  const SimSweep comparison = plan_comparison(sweep, searches);
  const auto points = run_sweep(flags, comparison, [](const SimSweep::Point& point) {
    return sim::run_point(*point.workload, point.options);
  });
  if (!points) return tl::unexpected(points.error());
  return write_report(flags, target, searches, *points);
}

int run_goodput(const SimFlags& flags) {
  const auto target = read_target(flags);
  if (!target) return complain(target.error());
  const auto sweep = plan(flags);
  if (!sweep) return complain(sweep.error());
  const auto searches = run_sweep(flags, *sweep, [&target](const SimSweep::Point& point) {
    return sim::find_goodput(*point.workload, point.options, *target);
  });
  if (!searches) return complain(searches.error());
  auto status = print_reports(flags, *searches);
  if (status && !flags.report.empty()) status = report_searches(flags, *target, *sweep, *searches);
  return status ? 0 : complain(status.error());
}

void add_goodput(CLI::App& sim, int& exit_code) {
  auto flags = std::make_shared<SimFlags>();
  auto* command = sim.add_subcommand("goodput", "Find the highest rate that meets the targets");
  add_workload_flags(*command, *flags);
  add_fleet_flags(*command, *flags);
  add_output_flags(*command, *flags);
  add_report_flag(*command, *flags);
  add_target_flags(*command, *flags);
  command->get_option("--trace")->required();
  command->footer(
      "Example:\n  ringmaster sim goodput --trace conversation_trace.jsonl --policy "
      "dualmap,min_ttft");
  command->callback([flags, &exit_code] { exit_code = run_goodput(*flags); });
}

void add_explain(CLI::App& sim, int& exit_code) {
  auto flags = std::make_shared<SimFlags>();
  auto request = std::make_shared<std::uint64_t>(0);
  auto* command = sim.add_subcommand(
      "explain",
      "Show what one decision was based on, what others would have done, what came of it");
  add_workload_flags(*command, *flags);
  add_fleet_flags(*command, *flags);
  command->option_defaults()->group("Options");
  command->add_option("--qps", flags->qps, "Mean arrival rate of the counted requests, requests/s")
      ->group("Workload")
      ->required();
  command->add_option("--request", *request, "Which one, from 1 on, warm-up included")->required();
  command->add_option("--json", flags->json, "Write JSON to FILE; - prints it instead of text")
      ->type_name("FILE");
  command->get_option("--trace")->required();
  command->footer(
      "JSON is what /admin/decisions/ID of a live gateway answers.\n"
      "Example:\n"
      "  ringmaster sim explain --trace conversation_trace.jsonl --policy ringmaster --qps 6 "
      "--request 1200");
  command->callback(
      [flags, request, &exit_code] { exit_code = run_sim_explain(*flags, *request); });
}

void add_replay(CLI::App& sim, int& exit_code) {
  struct ReplayFlags {
    std::string file;
    bool is_quiet = false;
  };
  auto flags = std::make_shared<ReplayFlags>();
  auto* command = sim.add_subcommand(
      "replay", "Feed a recording of a scheduler's events to a new one and compare the actions");
  command->add_option("file", flags->file, "Recording, - for standard input")->required();
  command->add_flag("-q,--quiet", flags->is_quiet, "Print the digest only, not the actions");
  command->footer(
      "Exit code 1 if the recording's actions are not the replayed ones.\n"
      "Example:\n"
      "  ringmaster sim --trace conversation_trace.jsonl --qps 4 --record events.txt\n"
      "  ringmaster sim replay --quiet events.txt");
  command->callback([flags, &exit_code] { exit_code = replay(flags->file, flags->is_quiet); });
}

}  // namespace

void add_sim_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<SimFlags>();
  auto* sim = app.add_subcommand("sim", "Replay traces through the scheduler, offline");
  sim->require_subcommand(0, 1);
  add_workload_flags(*sim, *flags);
  add_fleet_flags(*sim, *flags);
  sim->add_option("--qps", flags->qps, "Mean arrival rates of the counted requests, requests/s")
      ->group("Workload")
      ->delimiter(',')
      ->type_name("RATE,...");
  add_output_flags(*sim, *flags);
  add_report_flag(*sim, *flags);
  sim->footer(
      "Examples:\n"
      "  ringmaster sim --trace conversation_trace.jsonl --policy dualmap,round_robin --qps 4,6\n"
      "  ringmaster sim --trace conversation_trace.jsonl --model batching --qps 4 --json -");
  sim->add_option("--record", flags->record,
                  "Write the scheduler's events and actions to FILE; for one point only")
      ->type_name("FILE");
  sim->option_defaults()->group("Options");
  add_goodput(*sim, exit_code);
  add_sim_plan(*sim, exit_code);
  add_sim_ablate(*sim, exit_code);
  add_sim_compare(*sim, exit_code);
  add_replay(*sim, exit_code);
  add_explain(*sim, exit_code);
  sim->callback([sim, flags, &exit_code] {
    if (!sim->get_subcommands().empty()) return;  // They have done their own work.
    exit_code = run_sim(*flags);
  });
}

}  // namespace ringmaster
