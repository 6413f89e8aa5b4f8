#include "sim/page_data.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "policies/reason_text.h"
#include "sim/page_conditions.h"
#include "sim/paired_difference.h"

namespace ringmaster::sim {
namespace {

// Bounds of what a page holds beside one row per run.
constexpr std::size_t kDetailBytesMax = 3'000'000;
constexpr std::size_t kPairsMax = 1500;  // About 600 bytes each.

/// The nearest number with four significant digits: more would be noise in a page.
double rounded(double value) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  const int exponent = 3 - static_cast<int>(std::floor(std::log10(std::abs(value))));
  const double scale = std::pow(10.0, std::abs(exponent));
  return exponent >= 0 ? std::round(value * scale) / scale : std::round(value / scale) * scale;
}

std::optional<double> rounded(const std::optional<double>& value) {
  return value ? std::optional(rounded(*value)) : std::nullopt;
}

/// The runs of one policy on one trace.
struct PolicyRuns {
  const RunReport* search = nullptr;
  std::vector<const RunReport*> points;  // In the order given.
};

struct TraceRuns {
  std::string_view name;
  std::vector<std::string_view> policies;  // In the order given.
  std::map<std::string_view, PolicyRuns> runs;
  double compared_qps = 0.0;  // Of a search.
};

TraceRuns& trace_of(std::vector<TraceRuns>& traces, const RunReport& report) {
  const auto found = std::ranges::find(traces, report.options.trace, &TraceRuns::name);
  if (found != traces.end()) return *found;
  return traces.emplace_back(TraceRuns{.name = report.options.trace});
}

PolicyRuns& runs_of(std::vector<TraceRuns>& traces, const RunReport& report) {
  TraceRuns& trace = trace_of(traces, report);
  const auto [runs, is_new] = trace.runs.try_emplace(report.options.policy);
  if (is_new) trace.policies.push_back(report.options.policy);
  return runs->second;
}

std::vector<TraceRuns> by_trace(const HtmlReport& report) {
  std::vector<TraceRuns> traces;
  for (const RunReport& search : report.searches) runs_of(traces, search).search = &search;
  for (const RunReport& point : report.points) runs_of(traces, point).points.push_back(&point);
  for (TraceRuns& trace : traces) {
    std::vector<RunReport> searches;
    for (const auto& [name, runs] : trace.runs) {
      if (runs.search != nullptr) searches.push_back(*runs.search);
    }
    trace.compared_qps = comparison_qps(searches);
  }
  return traces;
}

/// The rates of a trace, those first that are nearest (in their order) to that of the comparison,
/// or else to the highest one at which a policy still meets the attainment: there the policies
/// differ.
std::vector<double> rates_by_interest(const TraceRuns& trace, double attainment) {
  std::set<double> all;
  double knee = trace.compared_qps;
  for (const auto& [name, runs] : trace.runs) {
    for (const RunReport* point : runs.points) {
      const double qps = point->options.arrivals.qps;
      all.insert(qps);
      if (trace.compared_qps == 0.0 && point->metrics.slo_attainment >= attainment)
        knee = std::max(knee, qps);
    }
  }
  std::vector<std::pair<std::ptrdiff_t, double>> ranked;
  const std::vector<double> rates(all.begin(), all.end());
  const auto at_knee = std::ranges::lower_bound(rates, knee) - rates.begin();
  for (std::size_t i = 0; i < rates.size(); ++i) {
    ranked.emplace_back(std::abs(static_cast<std::ptrdiff_t>(i) - at_knee), rates[i]);
  }
  std::ranges::sort(ranked);
  std::vector<double> interesting;
  for (const auto& [distance, rate] : ranked) interesting.push_back(rate);
  return interesting;
}

class PageWriter {
 public:
  explicit PageWriter(const HtmlReport& report) : report_(report), traces_(by_trace(report)) {}

  std::string write();

 private:
  void write_target();
  void write_conditions();
  void write_trace(const TraceRuns& trace);
  void write_policy(const TraceRuns& trace, std::string_view name, const std::set<double>& rates);
  void write_metrics(double qps, const RunMetrics& metrics);
  void write_details(const RunReport& point);
  void write_worst(const RunDetails::Worst& worst);
  void write_load(const RunDetails::LoadRow& row);
  void write_pairs(const TraceRuns& trace, const std::vector<double>& rates);
  void write_pairs_at(const TraceRuns& trace, double qps);
  void write_pair(std::size_t first, std::size_t second, const RunReport& a, const RunReport& b);
  void write_interval(std::string_view name, const MeanWithInterval& interval);

  [[nodiscard]] const RunOptions& options() const {
    return (report_.points.empty() ? report_.searches : report_.points).front().options;
  }
  /// As many of the rates as the bound of details allows, at least one.
  [[nodiscard]] std::set<double> detailed(const TraceRuns& trace,
                                          const std::vector<double>& rates) const;
  [[nodiscard]] static bool pairs_with_first_only(const TraceRuns& trace) {
    return trace.policies.size() * (trace.policies.size() - 1) / 2 > kPairsMax;
  }

  const HtmlReport& report_;
  const std::vector<TraceRuns> traces_;
  std::set<std::string_view> reasons_;  // Of the worst requests that were written.
  JsonWriter json_;
};

std::string PageWriter::write() {
  json_.begin_object();
  json_.member("command", report_.command);
  write_target();
  write_conditions();
  json_.key("quantile_shares").begin_array();
  for (const double share : RunDetails::quantile_shares()) json_.value(share);
  json_.end_array();
  json_.key("traces").begin_array();
  for (const TraceRuns& trace : traces_) write_trace(trace);
  json_.end_array().key("reasons").begin_object();
  for (const std::string_view reason : reasons_) json_.member(reason, reason_sentence(reason));
  return json_.end_object().end_object().take();
}

void PageWriter::write_target() {
  json_.key("target").begin_object();
  json_.member("attainment", report_.target.attainment);
  json_.member("ttft_p99_max_s", to_seconds(report_.target.ttft_p99_max));
  json_.member("slo_ttft_s", to_seconds(options().simulation.scheduler.ttft_slo));
  json_.end_object();
}

void PageWriter::write_conditions() {
  PageConditions conditions = conditions_of(options());
  const auto& reports = report_.points.empty() ? report_.searches : report_.points;
  if (const std::size_t seeds = reports.front().seeds; seeds > 1) {
    conditions.rows.back().second = "means of " + std::to_string(seeds) +
                                    "; details, worst requests and pairs of seed " +
                                    conditions.rows.back().second;
  }
  json_.key("conditions").begin_array();
  for (const auto& [name, value] : conditions.rows) {
    json_.begin_array().value(name).value(value).end_array();
  }
  json_.end_array().key("assumptions").begin_array();
  for (const std::string& text : conditions.assumptions) json_.value(text);
  json_.end_array();
}

void PageWriter::write_trace(const TraceRuns& trace) {
  const auto rates = rates_by_interest(trace, report_.target.attainment);
  const auto detailed_rates = detailed(trace, rates);
  json_.begin_object().member("name", trace.name);
  if (trace.compared_qps > 0.0) json_.member("compared_qps", trace.compared_qps);
  json_.key("policies").begin_array();
  for (const std::string_view name : trace.policies) write_policy(trace, name, detailed_rates);
  json_.end_array();
  write_pairs(trace, rates);
  json_.end_object();
}

std::set<double> PageWriter::detailed(const TraceRuns& trace,
                                      const std::vector<double>& rates) const {
  constexpr std::size_t kBytesBesideLoad = 5000;
  constexpr std::size_t kBytesPerPeriod = 6;
  const std::size_t rows =
      std::min<std::size_t>(options().simulation.instances, RunDetails::kLoadRowsMax);
  const std::size_t bytes = kBytesBesideLoad + rows * RunHistory::kPeriods * kBytesPerPeriod;
  const std::size_t runs_max = kDetailBytesMax / traces_.size() / bytes;
  const std::size_t count = std::clamp<std::size_t>(
      runs_max / trace.policies.size(), std::min<std::size_t>(1, rates.size()), rates.size());
  return {rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(count)};
}

void PageWriter::write_policy(const TraceRuns& trace, std::string_view name,
                              const std::set<double>& rates) {
  const PolicyRuns& runs = trace.runs.at(name);
  const RunReport& any = runs.search != nullptr ? *runs.search : *runs.points.front();
  json_.begin_object().member("name", name);
  write_policy_form(json_, any.options.simulation.scheduler);
  if (runs.search != nullptr) {
    json_.member("goodput_qps", runs.search->goodput_qps);
    if (runs.search->goodput_half_width) {
      json_.member("goodput_half_width", rounded(runs.search->goodput_half_width));
    }
    json_.member("bound_qps", rounded(runs.search->bound_qps));
    json_.key("at_goodput").begin_object();
    write_metrics(runs.search->options.arrivals.qps, runs.search->metrics);
    json_.end_object();
  }
  json_.key("points").begin_array();
  for (const RunReport* point : runs.points) {
    json_.begin_object();
    write_metrics(point->options.arrivals.qps, point->metrics);
    if (point->details && rates.contains(point->options.arrivals.qps)) write_details(*point);
    json_.end_object();
  }
  json_.end_array().end_object();
}

void PageWriter::write_metrics(double qps, const RunMetrics& metrics) {
  json_.member("qps", qps);
  json_.member("requests", metrics.requests);
  json_.member("attainment", rounded(metrics.slo_attainment));
  json_.member("ttft_p50_s", rounded(metrics.ttft_p50_s));
  json_.member("ttft_p90_s", rounded(metrics.ttft_p90_s));
  json_.member("ttft_p99_s", rounded(metrics.ttft_p99_s));
  json_.member("tpot_p90_s", rounded(metrics.tpot_p90_s));
  json_.member("cached_token_share", rounded(metrics.cached_token_share));
  json_.member("pending_tokens_cv", rounded(metrics.pending_tokens_cv));
  json_.member("moves", metrics.moves);
  json_.member("rejected", metrics.rejected);
  json_.member("retried", metrics.retried);
  json_.member("worst_length_bucket_attainment", rounded(metrics.worst_length_bucket_attainment));
}

void PageWriter::write_details(const RunReport& point) {
  const RunDetails& details = *point.details;
  json_.key("details").begin_object();
  json_.member("period_s", rounded(details.period_s));
  json_.key("ttft_quantiles_s").begin_array();
  for (const auto& quantile : details.ttft_quantiles_s) json_.value(rounded(quantile));
  json_.end_array().key("lengths").begin_array();
  for (const RunDetails::Length& length : details.lengths) {
    json_.begin_object();
    json_.member("tokens_from", length.tokens_from);
    json_.member("requests", length.requests);
    json_.member("attainment", rounded(length.attainment));
    json_.member("ttft_p90_s", rounded(length.ttft_p90_s));
    json_.end_object();
  }
  json_.end_array().key("worst").begin_array();
  for (const RunDetails::Worst& worst : details.worst) write_worst(worst);
  json_.end_array().key("load").begin_array();
  for (const RunDetails::LoadRow& row : details.load) write_load(row);
  json_.end_array().end_object();
}

void PageWriter::write_worst(const RunDetails::Worst& worst) {
  const RequestOutcome& outcome = worst.outcome;
  json_.begin_object();
  if (!worst.choice.reason.empty()) reasons_.insert(worst.choice.reason);
  json_.member("request", worst.request + std::uint64_t{1});
  json_.member("arrival_s", rounded(worst.arrival_s));
  json_.member("prompt_tokens", worst.prompt_tokens);
  json_.member("instance", outcome.instance);
  json_.member("reason", worst.choice.reason);
  json_.member("estimated_ttft_s", rounded(worst.choice.estimated_ttft_s));
  json_.member("held", worst.choice.is_held);
  json_.member("moves", outcome.moves);
  json_.member("attempts", outcome.attempts);
  json_.member("rejected", outcome.is_rejected);
  if (!outcome.is_rejected) {
    json_.member("ttft_s", rounded(to_seconds(outcome.first_token - outcome.arrival)));
    json_.member("cached_tokens", outcome.cached_tokens);
  }
  json_.end_object();
}

void PageWriter::write_load(const RunDetails::LoadRow& row) {
  json_.begin_object();
  json_.member("first", row.first);
  json_.member("last", row.last);
  json_.member("requests", row.requests);
  json_.member("cached_token_share", rounded(row.cached_token_share));
  json_.key("pending_s").begin_array();
  for (const double seconds : row.pending_s) json_.value(std::round(seconds * 100.0) / 100.0);
  json_.end_array().end_object();
}

void PageWriter::write_pairs(const TraceRuns& trace, const std::vector<double>& rates) {
  json_.key("pairs").begin_array();
  const std::size_t policies = trace.policies.size();
  const std::size_t per_rate =
      pairs_with_first_only(trace) ? policies - 1 : policies * (policies - 1) / 2;
  std::size_t left = std::max<std::size_t>(1, kPairsMax / std::max<std::size_t>(1, per_rate));
  for (const double qps : rates) {
    if (left-- == 0) break;
    write_pairs_at(trace, qps);
  }
  json_.end_array();
}

void PageWriter::write_pairs_at(const TraceRuns& trace, double qps) {
  std::vector<const RunReport*> at;  // By policy; null where it was not run at this rate.
  for (const std::string_view name : trace.policies) {
    const auto& points = trace.runs.at(name).points;
    const auto found = std::ranges::find_if(points, [qps](const RunReport* point) {
      return point->options.arrivals.qps == qps && point->details != nullptr;
    });
    at.push_back(found == points.end() ? nullptr : *found);
  }
  const std::size_t firsts = pairs_with_first_only(trace) ? 1 : at.size();
  for (std::size_t first = 0; first < firsts; ++first) {
    for (std::size_t second = first + 1; second < at.size(); ++second) {
      if (at[first] != nullptr && at[second] != nullptr) {
        write_pair(first, second, *at[first], *at[second]);
      }
    }
  }
}

void PageWriter::write_pair(std::size_t first, std::size_t second, const RunReport& a,
                            const RunReport& b) {
  const PairedDifference pair = compare_pairs(a.details->sampled_ttft_s, b.details->sampled_ttft_s,
                                              to_seconds(a.options.simulation.scheduler.ttft_slo));
  json_.begin_object();
  json_.member("first", first);
  json_.member("second", second);
  json_.member("qps", a.options.arrivals.qps);
  json_.member("sampled_every", a.details->sampled_every);
  json_.member("met_by_both", pair.met_by_both);
  json_.member("only_first", pair.only_first);
  json_.member("only_second", pair.only_second);
  json_.member("met_by_neither", pair.met_by_neither);
  write_interval("attainment", pair.attainment);
  write_interval("ttft_s", pair.ttft_s);
  json_.key("ttft_quantiles_s").begin_array();
  for (const double seconds : pair.ttft_quantiles_s) json_.value(rounded(seconds));
  json_.end_array().end_object();
}

void PageWriter::write_interval(std::string_view name, const MeanWithInterval& interval) {
  json_.key(name).begin_object();
  json_.member("mean", rounded(interval.mean));
  json_.member("half_width", rounded(interval.half_width));
  json_.end_object();
}

}  // namespace

std::string page_data(const HtmlReport& report) {
  return PageWriter(report).write();
}

}  // namespace ringmaster::sim
