#include "cli/sim_explain.h"

#include <string>

#include "base/json_writer.h"
#include "cli/command_error.h"
#include "cli/text_file.h"
#include "scheduler/request_table.h"
#include "sim/explanation_text.h"

namespace ringmaster {
namespace {

/// The explanations of the request, and no more, with what every other policy would have done.
Result<sim::SimulationOutcome> explain(const SimSweep::Point& point, std::uint64_t request) {
  const std::size_t count = point.workload->requests().size();
  if (request < 1 || request > count) {
    return invalid("--request: expected 1 to " + std::to_string(count) + ", found " +
                   std::to_string(request));
  }
  sim::SimulationOptions options = point.options.simulation;
  options.scheduler.explain = {.kept = RequestRecord::kAttemptsMax,
                               .interval = Duration::zero(),
                               .others = true,
                               .others_see_all = true,
                               .only_request = request};
  const auto arrivals = sim::plan_arrivals(point.workload->requests(), point.options.arrivals);
  if (!arrivals) return tl::unexpected(arrivals.error());
  return sim::simulate(*point.workload, *arrivals, point.options.arrivals.warmup_requests, options);
}

}  // namespace

int run_sim_explain(const SimFlags& flags, std::uint64_t request) {
  const auto sweep = plan_sweep(flags);
  if (!sweep) return complain(sweep.error());
  if (flags.qps.empty() || sweep->points.size() != 1) {
    return complain(
        invalid("sim explain: expected one --trace, one --policy and one --qps, found " +
                std::to_string(flags.qps.empty() ? 0 : sweep->points.size()) + " points")
            .value());
  }
  const SimSweep::Point& point = sweep->points.front();
  const auto outcome = explain(point, request);
  if (!outcome) return complain(outcome.error());
  if (outcome->explanations.empty()) {
    return complain({.message = "request " + std::to_string(request) +
                                " was never decided: there was no instance for it"});
  }
  const DecisionLabels labels{
      .model = point.options.simulation.profile.name,
      .name_of = [](InstanceId id) { return "(removed, place " + std::to_string(id.value) + ")"; }};
  std::string text;
  JsonWriter json;
  for (const Explanation& explanation : outcome->explanations) {
    if (flags.json.empty()) {
      text += (text.empty() ? "" : "\n") + sim::explanation_text(explanation, labels);
    } else {
      write_explanation(json, explanation, labels);
      text += json.take() + "\n";
    }
  }
  const auto written = write_text(flags.json.empty() ? "-" : flags.json, text);
  return written ? 0 : complain(written.error());
}

}  // namespace ringmaster
