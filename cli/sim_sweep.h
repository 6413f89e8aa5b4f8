#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/run.h"
#include "sim/workload.h"

namespace ringmaster {

/// The command line of `ringmaster sim`, as text and numbers, before it is checked. What is absent
/// is taken from the setting; see docs/simulation.md.
struct SimFlags {
  std::vector<std::string> traces;
  std::vector<std::string> policies = {"dualmap"};
  std::vector<double> qps;
  std::uint32_t instances = 8;
  std::string setting = "dualmap-paper";
  std::string profile = "qwen2.5-7b@910b4";
  std::optional<std::string> model;
  std::uint32_t block_tokens = 512;
  std::optional<std::size_t> requests;
  std::size_t skip = 0;
  std::optional<std::size_t> warmup;
  std::optional<double> warmup_qps;
  std::string slo_ttft = "5s";
  std::vector<std::string> filters;
  std::string veto;       ///< Empty: none.
  std::string admission;  ///< Empty: none.
  std::optional<std::string> queue;
  std::optional<std::string> rebalancing;
  std::optional<std::uint32_t> window;
  std::string residency = "events";
  std::optional<std::string> signal_delay;
  std::uint32_t gateways = 1;
  std::optional<std::string> report_interval;
  std::uint64_t seed = 42;
  std::string json;
  std::string record;    ///< File for the scheduler's events and actions; only with one point.
  std::size_t jobs = 0;  ///< 0: one per core.
  bool no_wall = false;
  double attainment = 0.90;       ///< Of a goodput search.
  std::string p99_limit = "30s";  ///< Of a goodput search.
};

/// Every run of a command line. The workloads are shared by the points of their trace.
struct SimSweep {
  struct Point {
    std::shared_ptr<const sim::Workload> workload;
    sim::RunOptions options;
  };
  std::vector<Point> points;  ///< By trace, then policy, then rate.
};

/// Reads the traces and lays out the points: one per trace, policy and rate, or one per trace and
/// policy if there are no rates (a goodput search). Fails with kInvalidArgument or kNotFound.
[[nodiscard]] Result<SimSweep> plan_sweep(const SimFlags& flags);

}  // namespace ringmaster
