#include "sim/html_report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "charts/html_page.h"
#include "sim/page_data.h"
#include "sim/report.h"
#include "sim/seed_means.h"

namespace ringmaster::sim {
namespace {

/// Without wall times, which would make every page different.
std::string plain_table(std::span<const RunReport> reports) {
  if (reports.empty()) return "";
  std::vector<RunReport> timeless(reports.begin(), reports.end());
  for (RunReport& report : timeless) report.wall_s.reset();
  return to_table(timeless);
}

}  // namespace

double comparison_qps(std::span<const RunReport> searches) {
  std::vector<double> goodputs;
  for (const RunReport& search : searches) {
    if (search.goodput_qps.value_or(0.0) > 0.0) goodputs.push_back(*search.goodput_qps);
  }
  std::ranges::sort(goodputs, std::greater());
  if (goodputs.empty()) return 0.0;
  return goodputs[std::min<std::size_t>(1, goodputs.size() - 1)];
}

std::vector<double> comparison_rates(std::span<const RunReport> searches) {
  const double middle = comparison_qps(searches);
  std::vector<double> rates;
  for (const double share : {0.8, 0.9, 1.0, 1.1, 1.2}) {
    const double rate = std::round(100.0 * share * middle) / 100.0;
    if (rate > 0.0 && (rates.empty() || rate > rates.back())) rates.push_back(rate);
  }
  return rates;
}

std::string to_html(const HtmlReport& report) {
  const std::string text = plain_table(report.searches) + plain_table(report.points);
  const auto searches = mean_over_seeds(report.searches);
  const auto points = mean_over_seeds(report.points);
  const std::string data = page_data(
      {.command = report.command, .target = report.target, .searches = searches, .points = points});
  return ringmaster::to_html(
      {.title = "Policies compared: ringmaster sim", .data_json = data, .plain_text = text});
}

}  // namespace ringmaster::sim
