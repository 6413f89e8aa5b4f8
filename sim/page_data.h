#pragma once

#include <string>

#include "sim/html_report.h"

namespace ringmaster::sim {

/// The figures of a report as the one JSON object that charts/report.js reads:
///
///   command, target {attainment, ttft_p99_max_s, slo_ttft_s}, conditions [[name, value]],
///   assumptions [text], quantile_shares, traces [{name, policies, pairs}], reasons {name:
///   sentence}
///
/// Requests are counted from 1, warm-up included. A policy has its name, its form (queue,
/// rebalancing, window), points (metrics by rate) and, from a search, goodput_qps, bound_qps and
/// at_goodput (a point); a point may have details. A pair names two policies by their place and
/// holds how the same requests fared under both. A trace that was searched has compared_qps, its
/// comparison_qps().
/// Runs over several seeds come as their means (seed_means.h), with goodput_half_width.
/// Requires: as to_html(); at most one report of a trace, policy and rate.
[[nodiscard]] std::string page_data(const HtmlReport& report);

}  // namespace ringmaster::sim
