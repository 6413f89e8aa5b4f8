#include <string_view>

#include <gtest/gtest.h>

#include "http/client.h"

namespace ringmaster::http {
namespace {

TEST(EndpointParse, ReadsHostPortAndPath) {
  const auto endpoint = Endpoint::parse("http://engine-1:9101/base/");
  ASSERT_TRUE(endpoint.has_value());
  EXPECT_EQ(endpoint->host, "engine-1");
  EXPECT_EQ(endpoint->port, 9101);
  EXPECT_EQ(endpoint->base_path, "/base");
  EXPECT_EQ(endpoint->authority(), "engine-1:9101");
}

TEST(EndpointParse, TakesPort80WhereNoneIsGiven) {
  EXPECT_EQ(Endpoint::parse("http://a")->port, 80);
  EXPECT_EQ(Endpoint::parse("http://a/")->base_path, "");
}

TEST(EndpointParse, ReadsIpv6InBrackets) {
  const auto endpoint = Endpoint::parse("http://[::1]:8080");
  ASSERT_TRUE(endpoint.has_value());
  EXPECT_EQ(endpoint->host, "::1");
  EXPECT_EQ(endpoint->authority(), "[::1]:8080");
}

TEST(EndpointParse, KeepsTheZoneOfALinkLocalAddress) {
  const auto endpoint = Endpoint::parse("http://[fe80::1%eth0]:8080");
  ASSERT_TRUE(endpoint.has_value());
  EXPECT_EQ(endpoint->host, "fe80::1%eth0");
  EXPECT_EQ(endpoint->port, 8080);
}

TEST(EndpointParse, SaysWhichPartIsWrongAndWhatWasExpected) {
  const auto problem_of = [](std::string_view url) { return Endpoint::parse(url).error().message; };
  EXPECT_EQ(problem_of("https://a"),
            "\"https://a\": the scheme must be http; expected http://host[:port][/path]");
  EXPECT_EQ(problem_of("http://a:80x"),
            "\"http://a:80x\": the port must be a number in [1, 65535]; "
            "expected http://host[:port][/path]");
  EXPECT_EQ(problem_of("http://a/b?c"),
            "\"http://a/b?c\": the path has a character that is not allowed; "
            "expected http://host[:port][/path]");
}

TEST(EndpointParse, RefusesWhatIsNoUrl) {
  EXPECT_FALSE(Endpoint::parse("").has_value());
  EXPECT_FALSE(Endpoint::parse("a:80").has_value());
  EXPECT_FALSE(Endpoint::parse("http://").has_value());
  EXPECT_FALSE(Endpoint::parse("http://:80").has_value());
  EXPECT_FALSE(Endpoint::parse("http://a:").has_value());
  EXPECT_FALSE(Endpoint::parse("http://a:0").has_value());
  EXPECT_FALSE(Endpoint::parse("http://a:65536").has_value());
  EXPECT_FALSE(Endpoint::parse("http://a:80x").has_value());
  EXPECT_FALSE(Endpoint::parse("http://u@a").has_value());
  EXPECT_FALSE(Endpoint::parse("http://[::1").has_value());
  EXPECT_FALSE(Endpoint::parse("http://[::1]x").has_value());
  EXPECT_FALSE(Endpoint::parse("http://a/b?c").has_value());
  EXPECT_FALSE(Endpoint::parse("http://a b").has_value());
}

}  // namespace
}  // namespace ringmaster::http
