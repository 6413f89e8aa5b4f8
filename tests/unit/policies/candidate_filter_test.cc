#include "policies/candidate_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policies/part_registry.h"
#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CandidateFilterTest : public PolicyFixture {
 protected:
  std::vector<std::uint32_t> kept_by(CandidateFilter& filter) {
    std::vector<InstanceId> kept(fleet_.eligible().begin(), fleet_.eligible().end());
    filter.narrow(query({}), fleet_, kept);
    std::vector<std::uint32_t> slots;
    for (const InstanceId instance : kept) slots.push_back(instance.value);
    return slots;
  }
  std::vector<std::uint32_t> kept(const std::string& text) {
    return kept_by(*make_filter(parse_policy_config(text).value(), 1).value());
  }
};

TEST_F(CandidateFilterTest, UtilizationDropsWhereTooManyWait) {
  for (int i = 0; i < 6; ++i) load(1).hold(1);
  for (int i = 0; i < 5; ++i) load(2).hold(1);
  EXPECT_THAT(kept("utilization"), ElementsAre(0, 2, 3));
  EXPECT_THAT(kept("utilization:queue_requests=1"), ElementsAre(0, 3));
}

TEST_F(CandidateFilterTest, UtilizationBelievesAReportBeforeTheBookings) {
  for (int i = 0; i < 6; ++i) load(1).hold(1);
  fleet_.at({1}).report.waiting_requests = 0;
  fleet_.at({2}).report.kv_usage = 0.81;
  EXPECT_THAT(kept("utilization"), ElementsAre(0, 1, 3));
}

TEST_F(CandidateFilterTest, UtilizationMayLeaveNobody) {
  for (std::uint32_t slot = 0; slot < kInstances; ++slot) fleet_.at({slot}).report.kv_usage = 1.0;
  EXPECT_THAT(kept("utilization"), IsEmpty());
}

TEST_F(CandidateFilterTest, LoadGapKeepsTheIdlestOutOfBalanceOnly) {
  for (int i = 0; i < 8; ++i) load(1).hold(1);
  EXPECT_THAT(kept("load_gap"), ElementsAre(0, 1, 2, 3));
  load(1).hold(1);
  load(2).hold(1);
  EXPECT_THAT(kept("load_gap"), ElementsAre(0, 3));
}

TEST_F(CandidateFilterTest, WithinSloKeepsThoseThatWouldBeInTime) {
  load(0).begin_prefill(4001);
  load(1).begin_prefill(4000);  // 5,000 tokens with the prompt: on the target.
  load(2).begin_prefill(4500);
  cache(2, 5);
  EXPECT_THAT(kept("within_slo"), ElementsAre(1, 2, 3));
  EXPECT_THAT(kept("within_slo:share=0.5"), ElementsAre(3));
}

TEST_F(CandidateFilterTest, AdapterKeepsThoseThatHaveItLoadedThenThoseWithAFreeSlot) {
  const auto filter = make_filter(parse_policy_config("adapter:slots=1").value(), 1).value();
  const auto send = [&](std::uint32_t slot, std::uint64_t adapter) {
    RequestSpec sent;
    sent.adapter = adapter;
    filter->observer()->dispatched({.request = sent, .instance = {slot}});
  };
  EXPECT_THAT(kept_by(*filter), ElementsAre(0, 1, 2, 3));  // The model itself.
  request_.adapter = 7;
  send(1, 8);
  EXPECT_THAT(kept_by(*filter), ElementsAre(0, 2, 3));
  send(2, 7);
  EXPECT_THAT(kept_by(*filter), ElementsAre(2));
  filter->observer()->instance_left({2});
  EXPECT_THAT(kept_by(*filter), ElementsAre(0, 2, 3));
}

}  // namespace
}  // namespace ringmaster
