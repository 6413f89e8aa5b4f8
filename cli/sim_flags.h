#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/sim_fleet_flags.h"
#include "policies/policy_config.h"

namespace CLI {
class App;
}

namespace ringmaster {

/// The command line of `ringmaster sim`, as text and numbers, before it is checked. What is absent
/// is taken from the setting; see docs/simulation.md.
struct SimFlags {
  std::vector<std::string> traces;
  std::vector<std::string> policies = {std::string(kDefaultPolicy)};
  std::vector<double> qps;
  std::uint32_t instances = 8;
  std::string setting = "dualmap-paper";
  std::string profile = "qwen2.5-7b@910b4";
  std::optional<std::string> model;
  std::uint32_t block_tokens = 512;
  std::string hash_as;  ///< Model whose gateway's hashes are used; empty: those of the trace's ids.
  std::optional<std::size_t> requests;
  std::size_t skip = 0;
  std::uint32_t copies = 1;  ///< Of the trace, one over the other (sim/trace_copies.h).
  std::optional<std::size_t> warmup;
  std::optional<double> warmup_qps;
  std::string arrivals = "trace";
  double jitter = 0;
  std::string slo_ttft = "5s";
  std::vector<std::string> filters;
  std::string veto;       ///< Empty: none.
  std::string admission;  ///< Empty: none.
  std::optional<std::string> queue;
  std::optional<std::string> rebalancing;
  std::optional<std::uint32_t> window;
  std::string residency = "events";
  std::optional<std::string> signal_delay;
  SimFleetFlags fleet;
  std::string shadow;  ///< Policy that decides beside each of them; empty: none.
  std::vector<std::uint64_t> seeds = {42};
  std::string json;
  std::string report;  ///< File for the HTML page.
  std::string record;  ///< File for the scheduler's events and actions; only with one point.
  std::string resume;  ///< File for finished points.
  const CLI::App* command = nullptr;  ///< Whose flags these are; set by add_output_flags().
  std::size_t jobs = 0;               ///< 0: one per core.
  bool no_wall = false;
  double attainment = 0.90;       ///< Of a goodput search.
  std::string p99_limit = "30s";  ///< Of a goodput search.
};

/// Which requests come, and when. The defaults shown by --help are those of `flags`.
void add_workload_flags(CLI::App& command, SimFlags& flags);

/// Which policies route them, on what.
void add_fleet_flags(CLI::App& command, SimFlags& flags);

/// What a fleet must meet.
void add_target_flags(CLI::App& command, SimFlags& flags);

/// Where results go and how many points are simulated at a time.
void add_output_flags(CLI::App& command, SimFlags& flags);

/// The page for people; of the commands that can make one.
void add_report_flag(CLI::App& command, SimFlags& flags);

}  // namespace ringmaster
