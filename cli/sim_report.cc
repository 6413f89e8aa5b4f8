#include "cli/sim_report.h"

#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "cli/command_text.h"
#include "cli/text_file.h"
#include "cli/trace_file.h"
#include "sim/html_report.h"
#include "sim/seed_means.h"

namespace ringmaster {

Status check_report(const SimFlags& flags, const SimSweep& sweep) {
  if (flags.report.empty()) return {};
  if (sweep.points.size() > sim::kHtmlReportRunsMax) {
    return invalid("--report: expected at most " + std::to_string(sim::kHtmlReportRunsMax) +
                   " runs, found " + std::to_string(sweep.points.size()));
  }
  if (!flags.resume.empty()) {
    return invalid("--report: --resume keeps results only, not what the page shows of each run");
  }
  std::set<std::string> names;
  for (const std::string& path : flags.traces) {
    if (names.insert(trace_name(path)).second) continue;
    return invalid("--report: expected traces of different names, found " + trace_name(path) +
                   " twice");
  }
  return {};
}

SimSweep plan_comparison(const SimSweep& searched, std::span<const sim::RunReport> searches) {
  std::map<std::string, std::vector<sim::RunReport>> by_trace;
  for (sim::RunReport& search : sim::mean_over_seeds(searches)) {
    by_trace[search.options.trace].push_back(std::move(search));
  }
  SimSweep comparison;
  for (SimSweep::Point point : searched.points) {
    point.options.is_detailed = true;
    for (const double qps : sim::comparison_rates(by_trace[point.options.trace])) {
      point.options.arrivals.qps = qps;
      comparison.points.push_back(point);
    }
  }
  return comparison;
}

Status write_report(const SimFlags& flags, const sim::GoodputTarget& target,
                    std::span<const sim::RunReport> searches,
                    std::span<const sim::RunReport> points) {
  // Another version may decide otherwise.
  const std::string command =
      "# ringmaster " RINGMASTER_VERSION "\n" + command_text(*flags.command);
  return write_text(
      flags.report,
      sim::to_html({.command = command, .target = target, .searches = searches, .points = points}));
}

}  // namespace ringmaster
