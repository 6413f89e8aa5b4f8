#include "http/openai_error.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

Error error_with(ErrorCode code, ErrorOrigin origin = ErrorOrigin::kRouter) {
  return {.code = code, .origin = origin, .message = "m"};
}

boost::json::object error_in(std::string_view body) {
  return boost::json::parse(body).at("error").as_object();
}

TEST(StatusOf, MapsEachCode) {
  EXPECT_EQ(status_of(error_with(ErrorCode::kInvalidArgument)), 400);
  EXPECT_EQ(status_of(error_with(ErrorCode::kNotFound)), 404);
  EXPECT_EQ(status_of(error_with(ErrorCode::kOverloaded)), 429);
  EXPECT_EQ(status_of(error_with(ErrorCode::kCancelled)), 499);
  EXPECT_EQ(status_of(error_with(ErrorCode::kUnavailable)), 503);
  EXPECT_EQ(status_of(error_with(ErrorCode::kDeadlineExceeded)), 504);
  EXPECT_EQ(status_of(error_with(ErrorCode::kInternal)), 500);
}

TEST(StatusOf, BlamesTheInstanceForItsInternalErrors) {
  EXPECT_EQ(status_of(error_with(ErrorCode::kInternal, ErrorOrigin::kInstance)), 502);
}

TEST(OpenAiErrorBody, HasTheFourKeysThatClientsRead) {
  const auto error = error_in(openai_error_body(404, "no such model", "model_not_found"));
  EXPECT_EQ(error.at("message").as_string(), "no such model");
  EXPECT_EQ(error.at("type").as_string(), "invalid_request_error");
  EXPECT_TRUE(error.at("param").is_null());
  EXPECT_EQ(error.at("code").as_string(), "model_not_found");
}

TEST(OpenAiErrorBody, NamesTheFieldAtFault) {
  EXPECT_EQ(error_in(openai_error_body(400, "m", "", "stop[3]")).at("param").as_string(),
            "stop[3]");
}

TEST(OpenAiErrorBody, HasNullForNoCode) {
  EXPECT_TRUE(error_in(openai_error_body(400, "m")).at("code").is_null());
}

TEST(OpenAiErrorBody, NamesTheTypeByStatus) {
  EXPECT_EQ(error_in(openai_error_body(401, "m")).at("type").as_string(), "authentication_error");
  EXPECT_EQ(error_in(openai_error_body(403, "m")).at("type").as_string(), "permission_error");
  EXPECT_EQ(error_in(openai_error_body(429, "m")).at("type").as_string(), "rate_limit_error");
  EXPECT_EQ(error_in(openai_error_body(503, "m")).at("type").as_string(), "server_error");
}

TEST(OpenAiErrorBody, EscapesQuotesAndControlCharacters) {
  EXPECT_EQ(error_in(openai_error_body(400, "a\"b\\c\n\x01")).at("message").as_string(),
            "a\"b\\c\n\x01");
}

TEST(OpenAiErrorBody, KeepsValidUtf8) {
  EXPECT_EQ(error_in(openai_error_body(400, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"))
                .at("message")
                .as_string(),
            "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
}

TEST(OpenAiErrorBody, CutsALongMessageBeforeACodePoint) {
  const std::string text = std::string(4095, 'x') + "\xc3\xa9" + std::string(1'000'000, 'x');
  const auto error = error_in(openai_error_body(400, text, "", text));
  EXPECT_EQ(error.at("message").as_string(), std::string(4095, 'x'));
  EXPECT_EQ(error.at("param").as_string(), std::string(4095, 'x'));
}

TEST(OpenAiErrorBody, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(error_in(openai_error_body(400,
                                       "a\xff"
                                       "b\xc3"))
                .at("message")
                .as_string(),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(error_in(openai_error_body(400, "\xed\xa0\x80")).at("message").as_string(),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(OpenAiError, RoundsRetryAfterUpToWholeSeconds) {
  const auto error = error_with(ErrorCode::kUnavailable);
  EXPECT_EQ(*openai_error(error, std::chrono::milliseconds(1'200)).fields.find("retry-after"), "2");
  EXPECT_EQ(*openai_error(error, std::chrono::milliseconds(0)).fields.find("retry-after"), "1");
  EXPECT_EQ(openai_error(error).fields.find("retry-after"), nullptr);
}

TEST(OpenAiError, HasTheCodeThatClientsKnowForTooManyRequests) {
  const auto code_of = [](ErrorCode code) {
    return boost::json::serialize(error_in(openai_error(error_with(code)).body).at("code"));
  };
  EXPECT_EQ(code_of(ErrorCode::kOverloaded), R"("rate_limit_exceeded")");
  EXPECT_EQ(code_of(ErrorCode::kUnavailable), "null");
}

TEST(OpenAiErrorEvent, IsOneServerSentEvent) {
  const auto event = openai_error_event("lost", "instance_lost");
  ASSERT_TRUE(event.starts_with("data: {"));
  ASSERT_TRUE(event.ends_with("}\n\n"));
  EXPECT_EQ(error_in(std::string_view(event).substr(6)).at("code").as_string(), "instance_lost");
}

}  // namespace
}  // namespace ringmaster::http
