#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run.h"

namespace ringmaster::sim {

/// What a page of results is made from.
struct HtmlReport {
  std::string_view command;  ///< Shown, so that the run can be repeated.
  GoodputTarget target;      ///< Of the searches; its attainment is drawn as a line in any case.
  std::span<const RunReport> searches;  ///< Goodput searches; none where rates were given.
  std::span<const RunReport> points;    ///< Runs at given rates, with details.
};

/// Runs in a report at most: each adds to the page and to the pairs that are compared.
inline constexpr std::size_t kHtmlReportRunsMax = 1000;

/// The rate at which the policies of a trace are compared after a search for their goodput: that
/// of the second best, which at least one other holds with ease; the best one's if there is no
/// other. 0 if no policy meets the target at any rate.
[[nodiscard]] double comparison_qps(std::span<const RunReport> searches);

/// That rate and some around it, ascending, in steps of 0.01; none if it is 0.
[[nodiscard]] std::vector<double> comparison_rates(std::span<const RunReport> searches);

/// One self-contained HTML page: equal inputs give equal bytes. Runs that differ in nothing but the
/// seed are shown as their mean (seed_means.h), details and pairs those of the first seed. Details
/// (load over time, worst requests, distributions) and pairs are kept for as many rates as fit into
/// a few MiB, those nearest to where the target is just met first. Requires: there is a run, and
/// each run's options are those that it was made with.
[[nodiscard]] std::string to_html(const HtmlReport& report);

}  // namespace ringmaster::sim
