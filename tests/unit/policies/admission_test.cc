#include "policies/admission.h"

#include <gtest/gtest.h>

#include "policies/part_registry.h"
#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

class AdmissionTest : public PolicyFixture {
 protected:
  bool is_admitted(const std::string& text) {
    return make_admission(parse_policy_config(text).value(), 1).value()->admits(query({}), fleet_);
  }
  void load_all(std::uint64_t tokens) {
    for (std::uint32_t slot = 0; slot < kInstances; ++slot) load(slot).begin_prefill(tokens);
  }
};

TEST_F(AdmissionTest, EarlyRejectionRefusesWhatWouldBeLateEverywhere) {
  load_all(4000);
  EXPECT_TRUE(is_admitted("early_rejection"));  // 5 s, on the target.
  load_all(1);
  EXPECT_FALSE(is_admitted("early_rejection"));
  EXPECT_TRUE(is_admitted("early_rejection:reject_above=1.1"));
}

TEST_F(AdmissionTest, EarlyRejectionCountsWhatIsCached) {
  load_all(4001);
  cache(3, 1);
  EXPECT_TRUE(is_admitted("early_rejection"));
}

TEST_F(AdmissionTest, ShedLowPriorityRefusesOnlyWhatIsUnimportantWhileAllAreBusy) {
  load_all(4001);
  fleet_.at({0}).report.kv_usage = 0.5;
  for (std::uint32_t slot = 1; slot < kInstances; ++slot) fleet_.at({slot}).report.kv_usage = 0.02;
  EXPECT_TRUE(is_admitted("shed_low_priority"));
  request_.priority = -1;
  EXPECT_FALSE(is_admitted("shed_low_priority"));
  EXPECT_TRUE(is_admitted("shed_low_priority:below=-1"));
}

TEST_F(AdmissionTest, ShedLowPriorityServesWhereAnInstanceIsIdleOrEmptyOrInTime) {
  request_.priority = -1;
  load_all(4001);
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) fleet_.at({slot}).report.kv_usage = 0.5;
  EXPECT_FALSE(is_admitted("shed_low_priority"));
  fleet_.at({2}).report.kv_usage = 0.01;
  EXPECT_TRUE(is_admitted("shed_low_priority"));
  fleet_.at({2}).report.kv_usage = 0.5;
  cache(1, 1);
  EXPECT_TRUE(is_admitted("shed_low_priority"));
  fleet_.residency().cleared({1});
  load(3) = {};
  EXPECT_TRUE(is_admitted("shed_low_priority"));
}

}  // namespace
}  // namespace ringmaster
