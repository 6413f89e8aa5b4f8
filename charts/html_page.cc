#include "charts/html_page.h"

#include <initializer_list>

#include "charts/page_sources.h"

namespace ringmaster {
namespace {

/// Within a script element `<` could begin its end; in JSON it stands in strings only.
std::string json_for_script(std::string_view json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

struct Parts {
  std::string_view title;    // Escaped.
  std::string_view connect;  // Where the page may fetch from, as CSP says it.
  std::string_view body;     // HTML.
  std::initializer_list<std::string_view> scripts;
};

/// The scripts are one module: what they define is seen by each other and by nobody else.
std::string assemble(const Parts& parts) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src ";
  html.append(parts.connect).append("\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
  html.append(parts.title).append("</title>\n<style>\n").append(page_css).append("</style>\n");
  html.append("</head>\n<body>\n").append(parts.body).append("<script type=\"module\">\n");
  for (const std::string_view script : parts.scripts) html.append(script);
  return html + "</script>\n</body>\n</html>\n";
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string to_html(const ReportPage& page) {
  std::string body =
      "<main id=\"page\"></main>\n<noscript><p>Without scripts there are no charts, "
      "but these are the figures:</p>\n<pre>";
  body += html_escaped(page.plain_text);
  body += "</pre></noscript>\n<script type=\"application/json\" id=\"data\">";
  body += json_for_script(page.data_json);
  body += "</script>\n";
  return assemble({.title = html_escaped(page.title),
                   .connect = "'none'",
                   .body = body,
                   .scripts = {page_js, chart_js, line_chart_js, bar_chart_js, load_chart_js,
                               report_rates_js, report_run_js, report_pairs_js, report_js}});
}

std::string fleet_page() {
  return assemble(
      {.title = "Fleet",
       .connect = "'self'",
       .body = "<main id=\"page\"></main>\n<noscript><p>This page needs scripts; the "
               "figures are at /admin/instances and /admin/decisions.</p></noscript>\n",
       .scripts = {page_js, chart_js, line_chart_js, bar_chart_js, fleet_decision_js, fleet_js}});
}

}  // namespace ringmaster
