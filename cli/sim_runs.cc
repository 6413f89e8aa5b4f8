#include "cli/sim_runs.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/finished_points.h"
#include "cli/parallel_runs.h"
#include "cli/point_digest.h"
#include "cli/saved_report.h"
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

/// Takes what an earlier run of the same points finished, and keeps what this one finishes.
class ResumedSweep {
 public:
  Status open(const SimFlags& flags, const SimSweep& sweep) {
    auto inputs = inputs_of(*flags.command);
    if (!inputs) return tl::unexpected(std::move(inputs).error());
    for (const SimSweep::Point& point : sweep.points) {
      auto digest = digest_of(point, *inputs);
      if (!digest) return tl::unexpected(std::move(digest).error());
      digests_.push_back(std::move(*digest));
    }
    auto finished = FinishedPoints::open(flags.resume);
    if (!finished) return tl::unexpected(std::move(finished).error());
    finished_ = std::move(*finished);
    return {};
  }

  void restore(const SimFlags& flags, const SimSweep& sweep,
               std::vector<std::optional<RunResult>>& results) const {
    std::size_t restored = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const std::string* line = finished_->find(digests_[i]);
      if (line == nullptr) continue;
      auto report = restore_report(*line, sweep.points[i].options);
      if (!report) continue;
      if (flags.no_wall) report->wall_s.reset();
      results[i].emplace(std::move(*report));
      ++restored;
    }
    if (finished_->size() == 0) return;
    std::fprintf(stderr, "ringmaster: %zu of %zu points taken from %s\n", restored, results.size(),
                 flags.resume.c_str());
  }

  [[nodiscard]] Status keep(std::size_t point, const sim::RunReport& report) {
    return finished_->add(saved_report(digests_[point], report));
  }

 private:
  std::vector<std::string> digests_;
  std::unique_ptr<FinishedPoints> finished_;
};

}  // namespace

Result<std::vector<sim::RunReport>> run_sweep(const SimFlags& flags, const SimSweep& sweep,
                                              const RunPoint& run) {
  std::vector<std::optional<RunResult>> results(sweep.points.size());
  if (flags.resume.empty()) {
    run_open_points(flags, sweep, run, results, [](std::size_t) { return Status(); });
  } else {
    if (!flags.record.empty()) return invalid("--resume: expected no --record beside it");
    ResumedSweep resumed;
    if (auto status = resumed.open(flags, sweep); !status) {
      return tl::unexpected(std::move(status).error());
    }
    resumed.restore(flags, sweep, results);
    run_open_points(flags, sweep, run, results,
                    [&](std::size_t i) { return resumed.keep(i, **results[i]); });
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
