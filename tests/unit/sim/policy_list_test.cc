#include "sim/policy_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SplitPolicyList, SplitsNames) {
  EXPECT_THAT(split_policy_list("dualmap,min_ttft").value(), ElementsAre("dualmap", "min_ttft"));
}

TEST(SplitPolicyList, LeavesOptionsWithTheirPolicy) {
  EXPECT_THAT(split_policy_list("dualmap:variant=code,rebalance=off,min_ttft").value(),
              ElementsAre("dualmap:variant=code,rebalance=off", "min_ttft"));
}

TEST(SplitPolicyList, StartsAPolicyAtANameWithOptions) {
  EXPECT_THAT(split_policy_list("dualmap:variant=code,dualmap:variant=paper").value(),
              ElementsAre("dualmap:variant=code", "dualmap:variant=paper"));
}

TEST(SplitPolicyList, GivesAFirstOptionItsColon) {
  EXPECT_THAT(split_policy_list("dualmap,variant=code").value(),
              ElementsAre("dualmap:variant=code"));
}

TEST(SplitPolicyList, RefusesAnEmptyItem) {
  EXPECT_THAT(split_policy_list("dualmap,,random").error().message, HasSubstr("between commas"));
  EXPECT_FALSE(split_policy_list("").has_value());
}

TEST(SplitPolicyList, RefusesAnOptionWithoutAPolicy) {
  EXPECT_THAT(split_policy_list("variant=code").error().message,
              HasSubstr("expected a name before the option \"variant=code\""));
}

}  // namespace
}  // namespace ringmaster::sim
