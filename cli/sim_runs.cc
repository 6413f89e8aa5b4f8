#include "cli/sim_runs.h"

#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "cli/kept_points.h"
#include "cli/parallel_runs.h"
#include "cli/text_file.h"
#include "sim/report.h"

namespace ringmaster {
namespace {

using RunResult = Result<sim::RunReport>;

/// Runs the points that have no result yet.
void run_open_points(const SimFlags& flags, const SimSweep& sweep, const RunPoint& run,
                     std::vector<std::optional<RunResult>>& results,
                     const std::function<Status(std::size_t)>& keep) {
  using WallClock = std::chrono::steady_clock;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) open.push_back(i);
  }
  run_parallel(open.size(), flags.jobs, "simulated", [&](std::size_t k) {
    const std::size_t i = open[k];
    const auto start = WallClock::now();
    RunResult& result = results[i].emplace(run(sweep.points[i]));
    const std::chrono::duration<double> wall = WallClock::now() - start;
    if (!result) return;
    if (!flags.no_wall) result->wall_s = wall.count();
    if (auto status = keep(i); !status) result = tl::unexpected(std::move(status).error());
  });
}

}  // namespace

Result<std::vector<sim::RunReport>> run_sweep(const SimFlags& flags, const SimSweep& sweep,
                                              const RunPoint& run) {
  std::vector<std::optional<RunResult>> results(sweep.points.size());
  if (flags.resume.empty()) {
    run_open_points(flags, sweep, run, results, [](std::size_t) { return Status(); });
  } else {
    if (!flags.record.empty()) return invalid("--resume: expected no --record beside it");
    const auto kept = KeptPoints::open(flags);
    if (!kept) return tl::unexpected(kept.error());
    for (std::size_t i = 0; i < results.size(); ++i) {
      auto found = (*kept)->find(sweep.points[i]);
      if (!found) return tl::unexpected(std::move(found).error());
      if (*found) results[i].emplace(std::move(**found));
    }
    (*kept)->tell(results.size());
    run_open_points(flags, sweep, run, results,
                    [&](std::size_t i) { return (*kept)->keep(sweep.points[i], **results[i]); });
  }
  std::vector<sim::RunReport> reports;
  for (std::optional<RunResult>& result : results) {
    if (!*result) return tl::unexpected(std::move(*result).error());
    reports.push_back(std::move(**result));
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
