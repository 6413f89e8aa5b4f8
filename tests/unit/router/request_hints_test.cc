#include "router/request_hints.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

RequestHints hints_of(const std::string& name, const std::string& value) {
  const HeaderSettings names{.session = "x-session-id",
                             .tenant = "x-tenant",
                             .priority = "x-priority",
                             .adapter = "x-adapter",
                             .steps_to_execution = "x-steps-to-execution"};
  http::Fields fields;
  fields.add(name, value);
  // Its views end with the fields: only numbers are read of what this returns.
  RequestHints hints = read_request_hints(fields, names);
  hints.session = hints.tenant = hints.adapter = {};
  return hints;
}

TEST(RequestHints, ReadTheHeadersThatTheSettingsName) {
  http::Fields fields;
  fields.add("X-Session-Id", "s1");
  fields.add("x-lora", "sql");
  const HeaderSettings names{.adapter = "x-lora"};
  const RequestHints hints = read_request_hints(fields, names);
  EXPECT_EQ(hints.session, "s1");
  EXPECT_EQ(hints.adapter, "sql");
  EXPECT_EQ(hints.tenant, "");
}

TEST(RequestHints, ReadNoHeaderWithoutAName) {
  http::Fields fields;
  fields.add("x-session-id", "s1");
  EXPECT_EQ(read_request_hints(fields, {.session = ""}).session, "");
}

TEST(RequestHints, TakeAPriorityOfSevenCharactersAtMost) {
  EXPECT_EQ(hints_of("x-priority", "-5").priority, -5);
  EXPECT_EQ(hints_of("x-priority", "9999999").priority, 9'999'999);
  EXPECT_EQ(hints_of("x-priority", "10000000").priority, 0);
  EXPECT_EQ(hints_of("x-priority", "5x").priority, 0);
  EXPECT_EQ(hints_of("x-priority", "").priority, 0);
}

TEST(RequestHints, TakeStepsUpToAMillion) {
  EXPECT_EQ(hints_of("x-steps-to-execution", "2").steps_to_execution, 2U);
  EXPECT_EQ(hints_of("x-steps-to-execution", "1000000").steps_to_execution, 1'000'000U);
  EXPECT_EQ(hints_of("x-steps-to-execution", "1000001").steps_to_execution, 0U);
  EXPECT_EQ(hints_of("x-steps-to-execution", "-1").steps_to_execution, 0U);
}

}  // namespace
}  // namespace ringmaster
