#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "sim/capacity.h"
#include "sim/text_table.h"

namespace ringmaster::sim {
namespace {

void add_fleet(JsonWriter& json, std::string_view name, const std::optional<RunReport>& report) {
  json.key(name);
  if (!report) {
    json.value(nullptr);
    return;
  }
  const RunMetrics& metrics = report->metrics;
  json.begin_object();
  json.member("instances", report->options.simulation.instances);
  json.member("slo_attainment", metrics.slo_attainment);
  json.member("ttft_p50_s", metrics.ttft_p50_s);
  json.member("ttft_p90_s", metrics.ttft_p90_s);
  json.member("ttft_p99_s", metrics.ttft_p99_s);
  json.member("cached_token_share", metrics.cached_token_share);
  json.end_object();
}

std::string to_json(const CapacityPlan& plan) {
  const RunOptions& options = plan.options;
  JsonWriter json;
  json.begin_object();
  json.member("trace", options.trace);
  json.member("policy", options.policy);
  json.member("qps", options.arrivals.qps);
  json.member("setting", options.setting);
  json.member("profile", options.simulation.profile.name);
  json.member("model", name_of(options.simulation.model));
  json.member("seed", options.simulation.scheduler.seed);
  json.member("busy_instances", plan.busy_instances);
  json.key("instances");
  if (plan.smallest) {
    json.value(plan.smallest->options.simulation.instances);
  } else {
    json.value(nullptr);
  }
  add_fleet(json, "smallest", plan.smallest);
  add_fleet(json, "one_fewer", plan.one_fewer);
  add_fleet(json, "one_more", plan.one_more);
  json.key("limit");
  if (plan.limit.empty()) {
    json.value(nullptr);
  } else {
    json.value(plan.limit);
  }
  return json.end_object().take();
}

using Row = std::vector<std::string>;

void add_cells(Row& row, const std::optional<RunReport>& report) {
  if (!report) {
    row.emplace_back("-");
    row.emplace_back("-");
    return;
  }
  row.push_back(fixed_decimals(report->metrics.slo_attainment, 4));
  row.push_back(fixed_decimals(report->metrics.ttft_p90_s, 3));
}

std::uint64_t seed_of(const CapacityPlan& plan) {
  return plan.options.simulation.scheduler.seed;
}

Row row_of(const CapacityPlan& plan) {
  const double qps = plan.options.arrivals.qps;
  Row row = {plan.options.trace, plan.options.policy, fixed_decimals(qps, 2),
             fixed_decimals(plan.busy_instances, 1)};
  if (plan.smallest) {
    const auto instances = plan.smallest->options.simulation.instances;
    row.push_back(std::to_string(instances));
    row.push_back(fixed_decimals(qps / instances, 3));
  } else {
    row.emplace_back("none");
    row.emplace_back("-");
  }
  add_cells(row, plan.smallest);
  add_cells(row, plan.one_fewer);
  add_cells(row, plan.one_more);
  return row;
}

std::string question_of(const CapacityPlan& plan) {
  return plan.options.trace + ", " + plan.options.policy;
}

/// What the plans of all seeds of one question come to.
std::string over_seeds(std::span<const CapacityPlan> plans) {
  std::uint32_t fewest = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t most = 0;
  std::size_t feasible = 0;
  for (const CapacityPlan& plan : plans) {
    if (!plan.smallest) continue;
    const std::uint32_t instances = plan.smallest->options.simulation.instances;
    fewest = std::min(fewest, instances);
    most = std::max(most, instances);
    ++feasible;
  }
  std::string line = question_of(plans.front()) + ", " +
                     fixed_decimals(plans.front().options.arrivals.qps, 2) + "/s: ";
  if (feasible > 0) {
    line += std::to_string(fewest);
    if (most > fewest) line += " to " + std::to_string(most);
    line += most == 1 ? " instance" : " instances";
  } else {
    line += "none";
  }
  line += " over " + std::to_string(plans.size()) + " seeds";
  if (feasible > 0 && feasible < plans.size()) {
    line += ", infeasible with " + std::to_string(plans.size() - feasible);
  }
  return line + "\n";
}

/// Of plans in the order of their questions, those of one question together, seed by seed.
std::string over_seeds_of_each(std::span<const CapacityPlan> plans) {
  std::string lines;
  std::size_t first = 0;
  for (std::size_t i = 1; i <= plans.size(); ++i) {
    if (i < plans.size() && seed_of(plans[i]) != seed_of(plans[first])) continue;
    lines += over_seeds(plans.subspan(first, i - first));
    first = i;
  }
  return lines;
}

}  // namespace

std::string to_json(std::span<const CapacityPlan> plans) {
  std::string text = "[";
  std::string_view separator = "\n";
  for (const CapacityPlan& plan : plans) {
    text.append(separator).append(to_json(plan));
    separator = ",\n";
  }
  return text + "\n]\n";
}

std::string to_table(std::span<const CapacityPlan> plans) {
  constexpr std::size_t kTextColumns = 2;
  constexpr std::ptrdiff_t kSeedColumn = 3;
  const bool has_seeds = std::ranges::any_of(
      plans, [&](const CapacityPlan& plan) { return seed_of(plan) != seed_of(plans.front()); });
  std::vector<Row> rows = {{"trace", "policy", "qps", "busy", "instances", "qps each", "attained",
                            "p90", "1 fewer:", "p90", "1 more:", "p90"}};
  if (has_seeds) rows.front().insert(rows.front().begin() + kSeedColumn, "seed");
  std::string limits;
  for (const CapacityPlan& plan : plans) {
    Row& row = rows.emplace_back(row_of(plan));
    std::string question = question_of(plan);
    if (has_seeds) {
      const std::string seed = std::to_string(seed_of(plan));
      row.insert(row.begin() + kSeedColumn, seed);
      question += ", seed " + seed;
    }
    if (!plan.limit.empty()) limits += question + ": infeasible by " + plan.limit + "\n";
  }
  if (has_seeds) limits += over_seeds_of_each(plans);
  return align_columns(rows, kTextColumns) + limits;
}

}  // namespace ringmaster::sim
