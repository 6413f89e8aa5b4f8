#include "cli/sim_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/parallel_runs.h"
#include "cli/sim_sweep.h"
#include "cli/text_file.h"
#include "cli/trace_file.h"
#include "settings/quantities.h"
#include "sim/replay.h"
#include "sim/report.h"

namespace ringmaster {
namespace {

using RunResult = Result<sim::RunReport>;
using RunPoint = std::function<RunResult(const SimSweep::Point&)>;

int misused(std::string message) {
  return complain(invalid(std::move(message)).value());
}

std::vector<RunResult> run_all(const SimFlags& flags, const SimSweep& sweep, const RunPoint& run) {
  using WallClock = std::chrono::steady_clock;
  std::vector<RunResult> results(sweep.points.size());
  const std::size_t jobs =
      flags.jobs > 0 ? flags.jobs : std::max(1U, std::thread::hardware_concurrency());
  run_parallel(sweep.points.size(), jobs, "simulated", [&](std::size_t i) {
    const auto start = WallClock::now();
    results[i] = run(sweep.points[i]);
    const std::chrono::duration<double> wall = WallClock::now() - start;
    if (results[i] && !flags.no_wall) results[i]->wall_s = wall.count();
  });
  return results;
}

int run_and_print(const SimFlags& flags, const RunPoint& run) {
  const auto sweep = plan_sweep(flags);
  if (!sweep) return complain(sweep.error());
  if (!flags.record.empty() && sweep->points.size() != 1) {
    return misused("--record: expected one trace, policy and rate, found " +
                   std::to_string(sweep->points.size()) + " points");
  }
  std::vector<sim::RunReport> reports;
  for (RunResult& result : run_all(flags, *sweep, run)) {
    if (!result) return complain(result.error());
    reports.push_back(std::move(*result));
  }
  if (!flags.json.empty()) {
    if (auto status = write_text(flags.json, sim::to_json(reports)); !status) {
      return complain(status.error());
    }
  }
  if (flags.json != "-") std::fputs(sim::to_table(reports).c_str(), stdout);
  return 0;
}

int run_sim(const SimFlags& flags) {
  if (flags.traces.empty()) return misused("sim: expected --trace FILE[,FILE...]");
  if (flags.qps.empty()) return misused("sim: expected --qps RATE[,RATE...]");
  std::string recording;
  const bool is_recorded = !flags.record.empty();
  const int exit_code = run_and_print(flags, [&](const SimSweep::Point& point) -> RunResult {
    sim::RunOptions options = point.options;
    if (is_recorded) options.simulation.recording = &recording;
    return sim::run_point(*point.workload, options);
  });
  if (!is_recorded || exit_code != 0) return exit_code;
  const auto status = write_text(flags.record, recording);
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

int run_goodput(const SimFlags& flags) {
  const auto p99 = parse_duration(flags.p99_limit);
  if (!p99) {
    return misused("--p99-limit: expected a duration such as 30s, found \"" + flags.p99_limit +
                   "\"");
  }
  const sim::GoodputTarget target{.attainment = flags.attainment, .ttft_p99_max = *p99};
  return run_and_print(flags, [target](const SimSweep::Point& point) {
    return sim::find_goodput(*point.workload, point.options, target);
  });
}

void add_workload_flags(CLI::App& command, SimFlags& flags) {
  command.add_option("--trace", flags.traces, "Traces in the Mooncake format")
      ->delimiter(',')
      ->type_name("FILE,...");
  command.add_option("--requests", flags.requests, "Records replayed [of the setting]");
  command.add_option("--skip", flags.skip, "Records left out at the start");
  command.add_option("--warmup", flags.warmup, "First requests, not counted [500]");
  command.add_option("--warmup-qps", flags.warmup_qps,
                     "Their rate; 0: as the rest [of the setting]");
  command.add_option("--setting", flags.setting, "dualmap-paper or realistic")
      ->capture_default_str();
  command
      .add_option("--block-tokens", flags.block_tokens, "Tokens of a prefix block: 512, 128, 16")
      ->capture_default_str();
}

void add_fleet_flags(CLI::App& command, SimFlags& flags) {
  command
      .add_option("--policy", flags.policies,
                  "Policies with their options, dualmap:variant=code,rebalance=off,min_ttft")
      ->capture_default_str()
      ->type_name("NAME[:KEY=VALUE,...],...");
  command.add_option("--instances", flags.instances, "Size of the fleet")->capture_default_str();
  command
      .add_option("--profile", flags.profile,
                  "Model and device, or a file that ends in .json; `ringmaster profile list`")
      ->capture_default_str();
  command.add_option("--model", flags.model,
                     "Of an instance: serial, batching or engine [of the setting]");
  command.add_option("--slo-ttft", flags.slo_ttft, "Target for the time to first token")
      ->capture_default_str();
  command
      .add_option("--filter", flags.filters,
                  "What narrows the instances before each policy, in this order: utilization, "
                  "load_gap, within_slo, adapter")
      ->type_name("NAME[:KEY=VALUE,...],...");
  command
      .add_option("--veto", flags.veto, "What keeps requests off instances: predicted_peak [none]")
      ->type_name("NAME[:KEY=VALUE,...]");
  command
      .add_option("--admission", flags.admission,
                  "What refuses requests: early_rejection, shed_low_priority [none]")
      ->type_name("NAME[:KEY=VALUE,...]");
  command.add_option("--queue", flags.queue,
                     "fcfs, longest_hit, shortest, slack, on_time or fair "
                     "[as published with the policy]");
  command.add_option("--rebalancing", flags.rebalancing,
                     "off, paper, code or freeness [as published with the policy]");
  command.add_option("--window", flags.window,
                     "Prefills in flight per instance before requests are held; 0: never hold "
                     "[as published with the policy]");
  command
      .add_option("--residency", flags.residency,
                  "What the gateway knows of prefix caches: events or mirror")
      ->capture_default_str();
  command.add_option("--signal-delay", flags.signal_delay,
                     "Until the gateway hears what an instance says of itself [of the setting]");
  command
      .add_option("--gateways", flags.gateways,
                  "Gateways before the fleet; arrivals are split among them at random")
      ->capture_default_str();
  command.add_option("--report-interval", flags.report_interval,
                     "Between two load reports of an instance; 0s: none "
                     "[of the setting; 1s if there are several gateways]");
  command.add_option("--seed", flags.seed, "Of every random choice")->capture_default_str();
}

void add_output_flags(CLI::App& command, SimFlags& flags) {
  command.add_option("--json", flags.json, "Write JSON to FILE; - prints it instead of the table")
      ->type_name("FILE");
  command.add_option("--jobs", flags.jobs, "Points simulated at a time; 0: one per core")
      ->capture_default_str();
  command.add_flag("--no-wall", flags.no_wall,
                   "Leave out wall times, so that equal inputs give equal bytes");
}

void add_goodput(CLI::App& sim, int& exit_code) {
  auto flags = std::make_shared<SimFlags>();
  auto* command = sim.add_subcommand("goodput", "Find the highest rate that meets the targets");
  add_workload_flags(*command, *flags);
  add_fleet_flags(*command, *flags);
  add_output_flags(*command, *flags);
  command
      ->add_option("--attainment", flags->attainment, "Least share of requests within --slo-ttft")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--p99-limit", flags->p99_limit, "Largest P99 of the time to first token")
      ->capture_default_str();
  command->get_option("--trace")->required();
  command->footer(
      "Example:\n  ringmaster sim goodput --trace conversation_trace.jsonl --policy "
      "dualmap,min_ttft");
  command->callback([flags, &exit_code] { exit_code = run_goodput(*flags); });
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
      ->delimiter(',')
      ->type_name("RATE,...");
  add_output_flags(*sim, *flags);
  sim->footer(
      "Examples:\n"
      "  ringmaster sim --trace conversation_trace.jsonl --policy dualmap,round_robin --qps 4,6\n"
      "  ringmaster sim --trace conversation_trace.jsonl --model batching --qps 4 --json -");
  sim->add_option("--record", flags->record,
                  "Write the scheduler's events and actions to FILE; for one point only")
      ->type_name("FILE");
  add_goodput(*sim, exit_code);
  add_replay(*sim, exit_code);
  sim->callback([sim, flags, &exit_code] {
    if (!sim->get_subcommands().empty()) return;  // They have done their own work.
    exit_code = run_sim(*flags);
  });
}

}  // namespace ringmaster
