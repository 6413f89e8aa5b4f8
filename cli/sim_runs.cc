#include "cli/sim_runs.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "cli/parallel_runs.h"
#include "cli/trace_file.h"
#include "sim/report.h"

namespace ringmaster {

Result<std::vector<sim::RunReport>> run_sweep(const SimFlags& flags, const SimSweep& sweep,
                                              const RunPoint& run) {
  using WallClock = std::chrono::steady_clock;
  std::vector<Result<sim::RunReport>> results(sweep.points.size());
  const std::size_t jobs =
      flags.jobs > 0 ? flags.jobs : std::max(1U, std::thread::hardware_concurrency());
  run_parallel(sweep.points.size(), jobs, "simulated", [&](std::size_t i) {
    const auto start = WallClock::now();
    results[i] = run(sweep.points[i]);
    const std::chrono::duration<double> wall = WallClock::now() - start;
    if (results[i] && !flags.no_wall) results[i]->wall_s = wall.count();
  });
  std::vector<sim::RunReport> reports;
  for (auto& result : results) {
    if (!result) return tl::unexpected(std::move(result).error());
    reports.push_back(std::move(*result));
  }
  return reports;
}

Status print_reports(const SimFlags& flags, const std::vector<sim::RunReport>& reports) {
  if (!flags.json.empty()) {
    if (auto status = write_text(flags.json, sim::to_json(reports)); !status) return status;
  }
  if (flags.json != "-") std::fputs(sim::to_table(reports).c_str(), stdout);
  return {};
}

}  // namespace ringmaster
