#include <algorithm>
#include <array>
#include <string_view>

#include "base/json_writer.h"
#include "sim/comparison.h"
#include "sim/text_table.h"

namespace ringmaster::sim {
namespace {

/// What the table shows; JSON has all.
constexpr std::array<std::string_view, 9> kShown = {
    "goodput_qps", "slo_attainment", "ttft_p50_s",         "ttft_p90_s",       "ttft_p99_s",
    "ttft_mean_s", "tpot_p90_s",     "cached_token_share", "pending_tokens_cv"};

std::optional<double> relative(const MetricDifference& metric) {
  if (metric.first == 0.0) return std::nullopt;
  return metric.difference / metric.first;
}

std::string heading_of(const PolicyComparison& group) {
  const ResultPoint& point = group.conditions;
  std::string rate = "goodput";
  if (!point.goodput_qps) rate = fixed_decimals(point.qps, 2) + " requests/s";
  std::string text = point.trace + ", " + rate + ", " + std::to_string(point.instances) +
                     " instances, " + point.setting + ", " + point.profile + ", " + point.model;
  if (point.gateways != 1) text += ", " + std::to_string(point.gateways) + " gateways";
  if (point.peers) text += ", peers";
  if (point.arrivals != "trace") text += ", arrivals " + point.arrivals;
  return text + ": first " + group.first_policy + ", second " + group.second_policy + ", " +
         std::to_string(group.seeds) + (group.seeds == 1 ? " seed\n" : " seeds\n");
}

std::string with_sign(double value, int decimals) {
  return (value > 0 ? "+" : "") + fixed_decimals(value, decimals);
}

std::string interval_of(const MetricDifference& metric) {
  if (!metric.half_width) return "-";
  return with_sign(metric.difference - *metric.half_width, 4) + " to " +
         with_sign(metric.difference + *metric.half_width, 4);
}

std::string percent_of(const MetricDifference& metric) {
  const auto share = relative(metric);
  return share ? with_sign(100.0 * *share, 1) + " %" : "-";
}

void add_metric(JsonWriter& json, const MetricDifference& metric) {
  json.begin_object();
  json.member("metric", metric.metric);
  json.member("pairs", metric.pairs);
  json.member("first", metric.first);
  json.member("second", metric.second);
  json.member("difference", metric.difference);
  json.member("half_width", metric.half_width);
  json.member("relative", relative(metric));
  json.end_object();
}

std::string to_json(const PolicyComparison& group) {
  const ResultPoint& point = group.conditions;
  JsonWriter json;
  json.begin_object();
  json.member("trace", point.trace);
  if (!point.goodput_qps) json.member("qps", point.qps);
  json.member("instances", point.instances);
  json.member("gateways", point.gateways);
  if (point.peers) json.member("peers", true);
  json.member("setting", point.setting);
  json.member("profile", point.profile);
  json.member("model", point.model);
  json.member("arrivals", point.arrivals);
  json.member("first_policy", group.first_policy);
  json.member("second_policy", group.second_policy);
  json.member("seeds", group.seeds);
  json.key("metrics").begin_array();
  for (const MetricDifference& metric : group.metrics) add_metric(json, metric);
  return json.end_array().end_object().take();
}

}  // namespace

std::string to_json(const Comparison& comparison) {
  std::string text = "[";
  std::string_view separator = "\n";
  for (const PolicyComparison& group : comparison.groups) {
    text.append(separator).append(to_json(group));
    separator = ",\n";
  }
  return text + "\n]\n";
}

std::string to_table(const Comparison& comparison) {
  std::string text;
  for (const PolicyComparison& group : comparison.groups) {
    text.append(text.empty() ? "" : "\n").append(heading_of(group));
    std::vector<std::vector<std::string>> rows = {
        {"", "first", "second", "difference", "", "95 % interval"}};
    for (const MetricDifference& metric : group.metrics) {
      if (std::ranges::find(kShown, metric.metric) == kShown.end()) continue;
      rows.push_back({metric.metric, fixed_decimals(metric.first, 4),
                      fixed_decimals(metric.second, 4), with_sign(metric.difference, 4),
                      percent_of(metric), interval_of(metric)});
    }
    text += align_columns(rows, 1);
  }
  return text;
}

}  // namespace ringmaster::sim
