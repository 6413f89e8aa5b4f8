#include "cli/sim_flags.h"

#include <CLI/CLI.hpp>

namespace ringmaster {
namespace {

void add_policy_flags(CLI::App& command, SimFlags& flags) {
  command.option_defaults()->group("Policy");
  command
      .add_option("--policy", flags.policies,
                  "Policies with their options, dualmap:variant=code,rebalance=off,min_ttft")
      ->capture_default_str()
      ->type_name("NAME[:KEY=VALUE,...],...");
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
      .add_option("--shadow", flags.shadow,
                  "Policy that decides beside each policy and acts on nothing")
      ->type_name("NAME[:KEY=VALUE,...]");
}

}  // namespace

void add_workload_flags(CLI::App& command, SimFlags& flags) {
  command.option_defaults()->group("Workload");
  command.add_option("--trace", flags.traces, "Traces in the Mooncake format")
      ->delimiter(',')
      ->type_name("FILE,...");
  command.add_option("--requests", flags.requests, "Records replayed [of the setting]");
  command.add_option("--skip", flags.skip, "Records left out at the start");
  command
      .add_option("--copies", flags.copies,
                  "Overlay so many copies of the trace, shifted in time, for a larger fleet; "
                  "warm-up and its rate grow alike")
      ->capture_default_str();
  command.add_option("--warmup", flags.warmup, "First requests, not counted [500]");
  command.add_option("--warmup-qps", flags.warmup_qps,
                     "Their rate; 0: as the rest [of the setting]");
  command
      .add_option("--arrivals", flags.arrivals,
                  "trace: in its rhythm; poisson: at random moments of the seed's")
      ->capture_default_str();
  command
      .add_option("--jitter", flags.jitter,
                  "trace: each gap at random longer or shorter, coefficient of variation")
      ->capture_default_str();
  command.add_option("--setting", flags.setting, "dualmap-paper or realistic")
      ->capture_default_str();
  command
      .add_option("--block-tokens", flags.block_tokens, "Tokens of a prefix block: 512, 128, 16")
      ->capture_default_str();
  command
      .add_option("--hash-as", flags.hash_as,
                  "Hash prompts as a live gateway hashes those of `trace requests --model MODEL`")
      ->type_name("MODEL");
}

void add_fleet_flags(CLI::App& command, SimFlags& flags) {
  command.add_option("--seed", flags.seeds, "Of every random choice; several: a point for each")
      ->delimiter(',')
      ->capture_default_str()
      ->type_name("SEED,...");
  add_policy_flags(command, flags);
  command.option_defaults()->group("Fleet");
  command.add_option("--instances", flags.instances, "Size of the fleet")->capture_default_str();
  command
      .add_option("--profile", flags.profile,
                  "Model and device, or a file that ends in .json; `ringmaster profile list`")
      ->capture_default_str();
  command.add_option("--model", flags.model,
                     "Of an instance: serial, batching, engine or tiered [of the setting]");
  command
      .add_option("--residency", flags.residency,
                  "What the gateway knows of prefix caches: events or mirror")
      ->capture_default_str();
  command.add_option("--signal-delay", flags.signal_delay,
                     "Until the gateway hears what an instance says of itself [of the setting]");
  add_sim_fleet_flags(command, flags.fleet);
  command.option_defaults()->group("Targets");
  command.add_option("--slo-ttft", flags.slo_ttft, "Target for the time to first token")
      ->capture_default_str();
  add_sim_target_flags(command, flags.fleet);
}

void add_target_flags(CLI::App& command, SimFlags& flags) {
  command.option_defaults()->group("Targets");
  command.add_option("--attainment", flags.attainment, "Least share of requests within --slo-ttft")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--p99-limit", flags.p99_limit, "Largest P99 of the time to first token")
      ->capture_default_str();
}

void add_output_flags(CLI::App& command, SimFlags& flags) {
  command.option_defaults()->group("Output");
  command.add_option("--json", flags.json, "Write JSON to FILE; - prints it instead of the table")
      ->type_name("FILE");
  flags.command = &command;
  command
      .add_option("--resume", flags.resume,
                  "Keep finished points in FILE, and take from it those of an earlier run with the "
                  "same inputs")
      ->type_name("FILE");
  command.add_option("--jobs", flags.jobs, "Points simulated at a time; 0: one per core")
      ->capture_default_str();
  command.add_flag("--no-wall", flags.no_wall,
                   "Leave out wall times, so that equal inputs give equal bytes");
}

void add_report_flag(CLI::App& command, SimFlags& flags) {
  command.add_option("--report", flags.report, "Write an HTML page to FILE: charts and pairs")
      ->type_name("FILE");
}

}  // namespace ringmaster
