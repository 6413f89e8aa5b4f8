#include "router/header_rules.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

http::Fields fields(std::initializer_list<std::pair<std::string, std::string>> list) {
  http::Fields made;
  for (const auto& [name, value] : list) made.add(name, value);
  return made;
}

TEST(HeaderRules, DropHopByHopFieldsBothWays) {
  const auto given = fields({{"Connection", "keep-alive, X-Hop"},
                             {"x-hop", "1"},
                             {"TE", "trailers"},
                             {"Upgrade", "h2c"},
                             {"Transfer-Encoding", "chunked"},
                             {"X-End", "2"}});
  EXPECT_EQ(forwarded_request_fields(given, true).size(), 1U);
  EXPECT_EQ(forwarded_response_fields(given).size(), 1U);
}

TEST(HeaderRules, KeepWhatOnlyTheGatewayMaySayToItself) {
  const auto given = fields({{"X-Ringmaster-Instance", "a"}, {"x-request-id", "r"}, {"host", "h"}});
  EXPECT_EQ(forwarded_request_fields(given, true).size(), 0U);
  EXPECT_EQ(forwarded_response_fields(given).find("x-ringmaster-instance"), nullptr);
}

TEST(HeaderRules, KeepTheKeyFromTheEngineWhereItIsTheGateways) {
  const auto given = fields({{"Authorization", "Bearer k"}});
  EXPECT_EQ(forwarded_request_fields(given, true).size(), 1U);
  EXPECT_EQ(forwarded_request_fields(given, false).size(), 0U);
}

TEST(HeaderRules, TakeAFitRequestIdAndReplaceAnUnfitOne) {
  EXPECT_EQ(request_id_from(fields({{"X-Request-Id", "a.B-1_:"}}), 1, 1), "a.B-1_:");
  EXPECT_EQ(request_id_from(fields({{"x-request-id", "a\tb"}}), 1, 1).substr(0, 4), "req-");
  EXPECT_EQ(request_id_from(fields({{"x-request-id", std::string(129, 'a')}}), 1, 1).size(), 36U);
  EXPECT_EQ(request_id_from(fields({{"x-request-id", ""}}), 1, 1).size(), 36U);
  EXPECT_NE(request_id_from({}, 1, 1), request_id_from({}, 1, 2));
}

TEST(HeaderRules, CompareTheWholeBearerToken) {
  EXPECT_TRUE(has_bearer(fields({{"authorization", "bearer abc"}}), "abc"));
  EXPECT_FALSE(has_bearer(fields({{"authorization", "Bearer abcabc"}}), "abc"));
  EXPECT_FALSE(has_bearer(fields({{"authorization", "Bearer ab"}}), "abc"));
  EXPECT_FALSE(has_bearer(fields({{"authorization", "Bearer "}}), "abc"));
  EXPECT_FALSE(has_bearer(fields({{"authorization", "Basic abc"}}), "abc"));
  EXPECT_FALSE(has_bearer({}, "abc"));
}

TEST(HeaderRules, KnowAnEventStreamByItsType) {
  EXPECT_TRUE(is_event_stream(fields({{"Content-Type", "Text/Event-Stream; charset=utf-8"}})));
  EXPECT_FALSE(is_event_stream(fields({{"content-type", "application/json"}})));
  EXPECT_FALSE(is_event_stream({}));
}

}  // namespace
}  // namespace ringmaster
