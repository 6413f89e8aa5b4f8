#include "sim/report.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/json_object.h"
#include "sim/text_table.h"

namespace ringmaster::sim {
namespace {

std::optional<double> requests_per_wall_s(const RunReport& report) {
  if (!report.wall_s || *report.wall_s <= 0.0) return std::nullopt;
  return static_cast<double>(report.simulated_requests) / *report.wall_s;
}

std::string to_json(const RunReport& report) {
  const RunOptions& options = report.options;
  const RunMetrics& metrics = report.metrics;
  JsonObject json;
  json.add("trace", options.trace);
  json.add("policy", options.policy);
  json.add("qps", options.arrivals.qps);
  json.add("instances", std::uint64_t{options.simulation.instances});
  json.add("setting", options.setting);
  json.add("profile", options.simulation.profile.name);
  json.add("model", name_of(options.simulation.model));
  json.add("seed", options.simulation.scheduler.seed);
  json.add("requests", std::uint64_t{metrics.requests});
  json.add("slo_attainment", metrics.slo_attainment);
  json.add("ttft_p50_s", metrics.ttft_p50_s);
  json.add("ttft_p90_s", metrics.ttft_p90_s);
  json.add("ttft_p99_s", metrics.ttft_p99_s);
  json.add("ttft_mean_s", metrics.ttft_mean_s);
  json.add("e2e_p90_s", metrics.e2e_p90_s);
  json.add("tpot_p90_s", metrics.tpot_p90_s);
  json.add("cached_token_share", metrics.cached_token_share);
  json.add("pending_tokens_cv", metrics.pending_tokens_cv);
  json.add("moves", metrics.moves);
  json.add("rejected", metrics.rejected);
  json.add("retried", metrics.retried);
  json.add("worst_length_bucket_attainment", metrics.worst_length_bucket_attainment);
  if (report.goodput_qps) {
    json.add("goodput_qps", report.goodput_qps);
    json.add("bound_qps", report.bound_qps);
  }
  json.add("wall_s", report.wall_s);
  json.add("requests_per_wall_s", requests_per_wall_s(report));
  return json.text();
}

using Row = std::vector<std::string>;

Row heading(bool is_goodput) {
  Row row = {"trace", "policy", "qps",     "attained", "ttft p50", "p90",
             "p99",   "cached", "load cv", "moves",    "rejected", "requests/s"};
  if (is_goodput) row.insert(row.begin() + 3, "bound");
  return row;
}

Row row_of(const RunReport& report, bool is_goodput) {
  const RunMetrics& metrics = report.metrics;
  Row row = {report.options.trace,
             report.options.policy,
             fixed_decimals(report.goodput_qps.value_or(report.options.arrivals.qps), 2),
             fixed_decimals(metrics.slo_attainment, 4),
             fixed_decimals(metrics.ttft_p50_s, 3),
             fixed_decimals(metrics.ttft_p90_s, 3),
             fixed_decimals(metrics.ttft_p99_s, 3),
             fixed_decimals(metrics.cached_token_share, 4),
             fixed_decimals(metrics.pending_tokens_cv, 3),
             std::to_string(metrics.moves),
             std::to_string(metrics.rejected),
             fixed_decimals(requests_per_wall_s(report), 0)};
  if (is_goodput) row.insert(row.begin() + 3, fixed_decimals(report.bound_qps, 2));
  return row;
}

}  // namespace

std::string to_json(std::span<const RunReport> reports) {
  std::string text = "[";
  std::string_view separator = "\n";
  for (const RunReport& report : reports) {
    text.append(separator).append(to_json(report));
    separator = ",\n";
  }
  return text + "\n]\n";
}

std::string to_table(std::span<const RunReport> reports) {
  constexpr std::size_t kTextColumns = 2;  // These are aligned to the left.
  const bool is_goodput =
      std::ranges::any_of(reports, [](const RunReport& r) { return r.goodput_qps.has_value(); });
  std::vector<Row> rows = {heading(is_goodput)};
  for (const RunReport& report : reports) rows.push_back(row_of(report, is_goodput));
  return align_columns(rows, kTextColumns);
}

}  // namespace ringmaster::sim
