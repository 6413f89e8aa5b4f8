#pragma once

#include <string>
#include <string_view>

namespace ringmaster {

/// `text` for the content of an element or a quoted attribute.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// A page that shows a report. Everything is in the one file: it loads nothing, and its policy of
/// content (CSP) forbids it to.
struct ReportPage {
  std::string_view title;
  std::string_view data_json;   ///< One JSON value, as charts/report.js reads it.
  std::string_view plain_text;  ///< Shown instead where scripts do not run.
};
[[nodiscard]] std::string to_html(const ReportPage& page);

/// The page of the admin listener. It asks the listener that it came from for its figures, as
/// charts/fleet.js says, and nobody else.
[[nodiscard]] std::string fleet_page();

}  // namespace ringmaster
