#include "charts/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(HtmlEscaped, LeavesNothingThatStartsATagOrEndsAnAttribute) {
  EXPECT_EQ(html_escaped(R"(<a b="c" d='e'>&)"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
}

TEST(ReportPage, IsOneDocumentWithItsStyleAndScripts) {
  const std::string html = to_html({.title = "T", .data_json = "{}"});
  EXPECT_THAT(html, StartsWith("<!doctype html>"));
  EXPECT_THAT(html, HasSubstr("<title>T</title>"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(html, HasSubstr("function lineChart("));
}

TEST(ReportPage, ForbidsItselfEveryAddress) {
  const std::string html = to_html({.title = "T", .data_json = "{}"});
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr("connect-src 'none'"));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
}

TEST(ReportPage, EscapesItsTitleAndPlainText) {
  const std::string html =
      to_html({.title = "</title><script>", .data_json = "{}", .plain_text = "<img src=x>"});
  EXPECT_THAT(html, HasSubstr("<title>&lt;/title&gt;&lt;script&gt;</title>"));
  EXPECT_THAT(html, HasSubstr("<pre>&lt;img src=x&gt;</pre>"));
}

TEST(ReportPage, CannotBeLeftFromWithinItsData) {
  const std::string html =
      to_html({.title = "T", .data_json = R"({"name":"</script><script>alert(1)<!--"})"});
  EXPECT_THAT(html, HasSubstr(R"({"name":"\u003c/script>\u003cscript>alert(1)\u003c!--"})"));
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
}

TEST(FleetPage, AsksItsOwnListenerOnly) {
  const std::string html = fleet_page();
  EXPECT_THAT(html, HasSubstr("connect-src 'self'"));
  EXPECT_THAT(html, HasSubstr("/admin/instances"));
}

}  // namespace
}  // namespace ringmaster
