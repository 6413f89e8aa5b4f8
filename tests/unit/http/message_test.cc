#include "http/message.h"

#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

TEST(Fields, FindsTheFirstValueWithoutCase) {
  Fields fields;
  fields.add("X-Id", "1");
  fields.add("x-id", "2");
  ASSERT_NE(fields.find("X-ID"), nullptr);
  EXPECT_EQ(*fields.find("X-ID"), "1");
  EXPECT_EQ(fields.find("x"), nullptr);
}

TEST(Fields, SetReplacesEveryValueInPlace) {
  Fields fields;
  fields.add("a", "1");
  fields.add("b", "2");
  fields.add("A", "3");
  fields.set("A", "4");
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(*fields.find("a"), "4");
  EXPECT_EQ(fields.begin()->first, "a");
}

TEST(Fields, SetAddsWhatIsMissing) {
  Fields fields;
  fields.set("a", "1");
  EXPECT_EQ(*fields.find("a"), "1");
}

TEST(Fields, RemovesEveryValueUnderAName) {
  Fields fields;
  fields.add("a", "1");
  fields.add("b", "2");
  fields.add("A", "3");
  fields.remove("a");
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields.begin()->first, "b");
}

TEST(Request, SplitsTargetAtTheFirstQuestionMark) {
  Request request;
  request.target = "/v1/models?a=1?b=2";
  EXPECT_EQ(request.path(), "/v1/models");
  EXPECT_EQ(request.query(), "a=1?b=2");
}

TEST(Request, HasAnEmptyQueryWithoutQuestionMark) {
  Request request;
  request.target = "/v1/models";
  EXPECT_EQ(request.path(), "/v1/models");
  EXPECT_EQ(request.query(), "");
}

TEST(JsonResponse, SaysThatItIsJson) {
  const auto response = json_response(201, "{}");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(*response.fields.find("content-type"), "application/json");
}

}  // namespace
}  // namespace ringmaster::http
