#include "router/request_hints.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

Result<RequestHints> hints_of(const std::string& name, const std::string& value) {
  const HeaderSettings names{.session = "x-session-id",
                             .tenant = "x-tenant",
                             .priority = "x-priority",
                             .adapter = "x-adapter",
                             .steps_to_execution = "x-steps-to-execution"};
  http::Fields fields;
  fields.add(name, value);
  // Its views end with the fields: only numbers are read of what this returns.
  auto hints = read_request_hints(fields, names);
  if (hints) hints->session = hints->tenant = hints->adapter = {};
  return hints;
}

std::string refusal_of(const std::string& name, const std::string& value) {
  const auto hints = hints_of(name, value);
  return hints ? "none" : hints.error().message;
}

TEST(RequestHints, ReadTheHeadersThatTheSettingsName) {
  http::Fields fields;
  fields.add("X-Session-Id", "s1");
  fields.add("x-lora", "sql");
  const HeaderSettings names{.adapter = "x-lora"};
  const RequestHints hints = read_request_hints(fields, names).value();
  EXPECT_EQ(hints.session, "s1");
  EXPECT_EQ(hints.adapter, "sql");
  EXPECT_EQ(hints.tenant, "");
}

TEST(RequestHints, ReadNoHeaderWithoutAName) {
  http::Fields fields;
  fields.add("x-session-id", "s1");
  EXPECT_EQ(read_request_hints(fields, {.session = ""})->session, "");
}

TEST(RequestHints, TakeAPriorityInItsRange) {
  EXPECT_EQ(hints_of("x-priority", "-5")->priority, -5);
  EXPECT_EQ(hints_of("x-priority", "-999999")->priority, -999'999);
  EXPECT_EQ(hints_of("x-priority", "9999999")->priority, 9'999'999);
}

TEST(RequestHints, TakeStepsUpToAMillion) {
  EXPECT_EQ(hints_of("x-steps-to-execution", "2")->steps_to_execution, 2U);
  EXPECT_EQ(hints_of("x-steps-to-execution", "1000000")->steps_to_execution, 1'000'000U);
}

TEST(RequestHints, TakeAnEmptyHeaderForNone) {
  EXPECT_EQ(hints_of("x-priority", "")->priority, 0);
}

TEST(RequestHints, AreRefusedWhereTheyAreNoNumberInTheirRange) {
  for (const char* value : {"high", "5x", "1.5", "10000000", "-1000000", "99999999999"}) {
    EXPECT_EQ(refusal_of("x-priority", value),
              "the header x-priority must be a whole number in [-999999, 9999999]");
  }
  for (const char* value : {"-1", "1000001", "soon"}) {
    EXPECT_EQ(refusal_of("x-steps-to-execution", value),
              "the header x-steps-to-execution must be a whole number in [0, 1000000]");
  }
}

}  // namespace
}  // namespace ringmaster
