#include "policies/policy_registry.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/known_names.h"

namespace ringmaster {
namespace {

std::string error_of(const std::string& text) {
  const auto config = parse_policy_config(text);
  if (!config) return config.error().message;
  const auto policy = make_policy(*config, 1);
  return policy ? "no error" : policy.error().message;
}

TEST(PolicyConfig, SplitsNameAndOptions) {
  const PolicyConfig config = parse_policy_config("dualmap:variant=code,rebalance=off").value();
  EXPECT_EQ(config.name, "dualmap");
  ASSERT_EQ(config.options.size(), 2U);
  EXPECT_EQ(config.options[1].first, "rebalance");
  EXPECT_EQ(config.options[1].second, "off");
}

TEST(PolicyConfig, RefusesAnEmptyNameAMissingValueAndARepetition) {
  EXPECT_EQ(error_of(""), "policy '': expected name[:key=value,...]");
  EXPECT_EQ(error_of("dualmap:"), "policy 'dualmap': option '': expected key=value");
  EXPECT_EQ(error_of("dualmap:variant"), "policy 'dualmap': option 'variant': expected key=value");
  EXPECT_EQ(error_of("dualmap:window=20,window=30"),
            "policy 'dualmap': option 'window' is given twice");
}

TEST(PolicyRegistry, MakesEveryPolicyItNames) {
  for (const std::string_view name : policy_names()) {
    const auto policy = make_policy({.name = std::string(name), .options = {}}, 1);
    ASSERT_TRUE(policy);
    EXPECT_EQ((*policy)->name(), name);
  }
}

TEST(PolicyRegistry, ListsTheKnownPoliciesAndTheNearestOne) {
  EXPECT_EQ(error_of("dual_map"), "unknown policy 'dual_map' (did you mean 'dualmap'?); known: " +
                                      join_names(policy_names()));
}

TEST(PolicyRegistry, KnowsTheBaselinesTheFieldAndTheDefault) {
  for (const std::string_view name :
       {"dualmap",          "ringmaster",      "prefix_affinity", "min_ttft",
        "least_loaded",     "power_of_two",    "random",          "round_robin",
        "lmetric",          "least_work_left", "chwbl",           "sticky_until_saturated",
        "session_affinity", "dynamo",          "llm_d",           "sglang_cache_aware",
        "aibrix_prefix",    "llumnix",         "mooncake",        "cacheroute",
        "smetric"}) {
    EXPECT_EQ(std::ranges::count(policy_names(), name), 1) << name;
  }
}

TEST(PolicyRegistry, OffersNoNameThatIsFarOff) {
  for (const char* far : {"xyzzy", "foo", "r", "rand", "least"}) {
    EXPECT_EQ(error_of(far).find("did you mean"), std::string::npos) << far;
  }
}

TEST(PolicyRegistry, ListsTheKnownOptionsAndTheNearestOne) {
  EXPECT_EQ(error_of("dualmap:varient=code"),
            "policy dualmap: unknown option 'varient' (did you mean 'variant'?); known: variant, "
            "rebalance, threshold, window, key_blocks_max");
  EXPECT_EQ(error_of("round_robin:x=1"), "policy round_robin: unknown option 'x'; it takes none");
}

TEST(PolicyRegistry, NamesTheRangeOfAValueOutsideIt) {
  EXPECT_EQ(error_of("dualmap:variant=new"),
            "policy dualmap: variant='new': expected one of paper, code");
  EXPECT_EQ(error_of("dualmap:rebalance=maybe"),
            "policy dualmap: rebalance='maybe': expected on or off");
  EXPECT_EQ(error_of("dualmap:threshold=0"),
            "policy dualmap: threshold='0': expected a number in [0.01, 100]");
  EXPECT_EQ(error_of("dualmap:threshold=nan"),
            "policy dualmap: threshold='nan': expected a number in [0.01, 100]");
  EXPECT_EQ(error_of("dualmap:window=7x"),
            "policy dualmap: window='7x': expected a whole number in [20, 65536]");
}

TEST(PolicyRegistry, ReportsEveryProblemOfAPolicyAtOnce) {
  EXPECT_EQ(error_of("least_loaded:load=x,y=1"),
            "policy least_loaded: load='x': expected one of requests, pending_tokens; unknown "
            "option 'y'; known: load");
}

}  // namespace
}  // namespace ringmaster
