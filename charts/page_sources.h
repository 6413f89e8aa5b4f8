#pragma once

#include <string_view>

namespace ringmaster {

// The files of this folder, as cmake/EmbeddedText.cmake puts them into the library.
extern const std::string_view page_css;
extern const std::string_view page_js;
extern const std::string_view chart_js;
extern const std::string_view line_chart_js;
extern const std::string_view bar_chart_js;
extern const std::string_view load_chart_js;
extern const std::string_view report_js;
extern const std::string_view report_rates_js;
extern const std::string_view report_run_js;
extern const std::string_view report_pairs_js;
extern const std::string_view fleet_decision_js;
extern const std::string_view fleet_js;

}  // namespace ringmaster
