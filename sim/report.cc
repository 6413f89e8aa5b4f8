#include "sim/report.h"

#include <optional>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "sim/metric_fields.h"
#include "sim/text_table.h"

namespace ringmaster::sim {
namespace {

std::optional<double> requests_per_wall_s(const RunReport& report) {
  if (!report.wall_s || *report.wall_s <= 0.0) return std::nullopt;
  return static_cast<double>(report.simulated_requests) / *report.wall_s;
}

void write_shadow(JsonWriter& json, const ShadowFigures& shadow) {
  const auto mean = [&](auto sum) {
    return shadow.decisions == 0
               ? std::nullopt
               : std::optional(static_cast<double>(sum) / static_cast<double>(shadow.decisions));
  };
  json.member("shadow", shadow.policy);
  if (shadow.has_failed) json.member("shadow_failure", shadow.failure);
  json.member("shadow_decisions", shadow.decisions);
  json.member("shadow_differing_share", mean(shadow.differing));
  json.member("acting_expected_cached_tokens", mean(shadow.acting_cached_tokens));
  json.member("shadow_expected_cached_tokens", mean(shadow.shadow_cached_tokens));
  json.member("acting_expected_ttft_s", mean(shadow.acting_ttft_seconds));
  json.member("shadow_expected_ttft_s", mean(shadow.shadow_ttft_seconds));
}

void write_copies(JsonWriter& json, const CopyFigures& copies) {
  visit_copies(copies,
               [&json](std::string_view name, std::uint64_t value) { json.member(name, value); });
}

void write_classes(JsonWriter& json, const std::vector<ClassMetrics>& classes) {
  json.key("classes").begin_array();
  for (const ClassMetrics& one : classes) {
    json.begin_object();
    json.member("name", one.name);
    json.member("requests", one.requests);
    json.member("slo_attainment", one.slo_attainment);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string to_json_object(const RunReport& report) {
  const RunOptions& options = report.options;
  const RunMetrics& metrics = report.metrics;
  JsonWriter json;
  json.begin_object();
  json.member("trace", options.trace);
  json.member("policy", options.policy);
  json.member("qps", options.arrivals.qps);
  json.member("instances", options.simulation.instances);
  json.member("gateways", options.simulation.gateways);
  if (options.simulation.peers) json.member("peers", true);
  json.member("setting", options.setting);
  json.member("profile", options.simulation.profile.name);
  json.member("model", name_of(options.simulation.model));
  json.member("seed", options.simulation.scheduler.seed);
  if (const auto rhythm = name_of_rhythm(options.arrivals); rhythm != "trace") {
    json.member("arrivals", rhythm);
  }
  visit_metrics(metrics,
                [&json](std::string_view name, const auto& value) { json.member(name, value); });
  if (!metrics.classes.empty()) write_classes(json, metrics.classes);
  if (report.goodput_qps) {
    json.member("goodput_qps", report.goodput_qps);
    json.member("bound_qps", report.bound_qps);
  }
  if (report.shadow) write_shadow(json, *report.shadow);
  if (report.copies) write_copies(json, *report.copies);
  json.member("wall_s", report.wall_s);
  json.member("requests_per_wall_s", requests_per_wall_s(report));
  return json.end_object().take();
}

namespace {

using Row = std::vector<std::string>;

/// Columns that are there only if some point needs them.
struct Columns {
  bool seed = false;
  bool bound = false;
};

Row heading(const Columns& columns) {
  // The last one is the simulator's own speed.
  Row row = {"trace", "policy", "qps",     "attained", "ttft p50 s", "p90",
             "p99",   "cached", "load cv", "moves",    "rejected",   "simulated/s"};
  if (columns.bound) row.insert(row.begin() + 3, "bound");
  if (columns.seed) row.insert(row.begin() + 3, "seed");
  return row;
}

Row row_of(const RunReport& report, const Columns& columns) {
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
  if (columns.bound) row.insert(row.begin() + 3, fixed_decimals(report.bound_qps, 2));
  if (columns.seed) {
    row.insert(row.begin() + 3, std::to_string(report.options.simulation.scheduler.seed));
  }
  return row;
}

}  // namespace

std::string to_json(std::span<const RunReport> reports) {
  std::string text = "[";
  std::string_view separator = "\n";
  for (const RunReport& report : reports) {
    text.append(separator).append(to_json_object(report));
    separator = ",\n";
  }
  return text + "\n]\n";
}

std::string to_table(std::span<const RunReport> reports) {
  constexpr std::size_t kTextColumns = 2;  // These are aligned to the left.
  Columns columns;
  for (const RunReport& report : reports) {
    columns.bound |= report.goodput_qps.has_value();
    columns.seed |= report.options.simulation.scheduler.seed !=
                    reports.front().options.simulation.scheduler.seed;
  }
  std::vector<Row> rows = {heading(columns)};
  for (const RunReport& report : reports) rows.push_back(row_of(report, columns));
  return align_columns(rows, kTextColumns);
}

}  // namespace ringmaster::sim
