#include "policies/part_registry.h"

#include <string>

#include <gtest/gtest.h>

#include "policies/option_reader.h"

namespace ringmaster {
namespace {

template <class Make>
std::string error_of(const Make& make, const std::string& text) {
  const auto part = make(parse_policy_config(text).value(), 1);
  return part ? "no error" : part.error().message;
}

TEST(PartRegistry, MakesEveryPartItNames) {
  for (const std::string_view name : filter_names()) {
    EXPECT_EQ(make_filter({.name = std::string(name)}, 1).value()->name(), name);
  }
  for (const std::string_view name : veto_names()) {
    EXPECT_EQ(make_veto({.name = std::string(name)}, 1).value()->name(), name);
  }
  for (const std::string_view name : admission_names()) {
    EXPECT_EQ(make_admission({.name = std::string(name)}, 1).value()->name(), name);
  }
}

TEST(PartRegistry, SaysWhichKindOfPartIsUnknownAndWhichAreKnown) {
  EXPECT_EQ(error_of(make_filter, "utilisation"),
            "unknown filter 'utilisation' (did you mean 'utilization'?); known: utilization, "
            "load_gap, within_slo, adapter");
  EXPECT_EQ(error_of(make_veto, "peak"), "unknown veto 'peak'; known: predicted_peak");
  EXPECT_EQ(error_of(make_admission, "x"),
            "unknown admission 'x'; known: early_rejection, shed_low_priority");
}

TEST(PartRegistry, SaysWhichKindOfPartIsMalformed) {
  EXPECT_EQ(parse_policy_config("x:", "veto").error().message,
            "veto 'x': option '': expected key=value");
  EXPECT_EQ(parse_policy_config("", "filter").error().message,
            "filter '': expected name[:key=value,...]");
}

TEST(PartRegistry, NamesThePartOfABadOption) {
  EXPECT_EQ(error_of(make_veto, "predicted_peak:reserve=1"),
            "veto predicted_peak: reserve='1': expected a number in [0, 0.9]");
  EXPECT_EQ(error_of(make_filter, "load_gap:gap=1"),
            "filter load_gap: unknown option 'gap'; known: gap_requests");
}

}  // namespace
}  // namespace ringmaster
