#include "scheduler/explanation.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scheduler/explanation_json.h"
#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

/// Every decision is explained; one prefill at a time per instance.
SchedulerOptions explained(const std::string& policy) {
  SchedulerOptions options = Driver::policy(policy);
  options.dispatch_window_requests = 1;
  options.explain = {.kept = 16, .interval = Duration::zero()};
  return options;
}

const Explanation& explanation_of(Driver& driver, std::uint64_t decision) {
  const Explanation* found = driver.scheduler().explanation(decision);
  if (found != nullptr) return *found;
  ADD_FAILURE() << "decision " << decision << " is not explained";
  static const Explanation kNone;
  return kNone;
}

std::vector<std::string> story(const Explanation& explanation) {
  std::vector<std::string> lines;
  for (const Happening& happening : explanation.happenings) {
    lines.push_back(std::string(name_of(happening.kind)) + " " + happening.instance);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Explanation, HasTheSignalsOfEachCandidateAsTheyWereBeforeTheRequestWasBooked) {
  Driver driver(explained("min_ttft"), 1);
  driver.arrive(Driver::request(1, 1000, 7));
  const auto& first = explanation_of(driver, 1);
  ASSERT_EQ(first.candidates.size(), 1U);
  EXPECT_EQ(first.candidates[0].name, "instance-0");
  EXPECT_EQ(first.candidates[0].prefilling_requests, 0U);
  EXPECT_EQ(first.blocks, 10U);
  EXPECT_EQ(first.ttft_slo, std::chrono::seconds(5));
  driver.arrive(Driver::request(2, 300));
  const auto& second = explanation_of(driver, 2);
  EXPECT_EQ(second.candidates[0].prefilling_requests, 1U);
  EXPECT_EQ(second.record.candidates[0].sent_tokens, 1000U);
}

TEST(Explanation, TellsTheAgeOfReportsAndOfWhatIsKnownOfCaches) {
  Driver driver(explained("min_ttft"), 1);
  driver.apply(
      InstanceReported{{0}, {.running_requests = 3, .time = driver.now() + from_seconds(1.0)}});
  driver.tick(2.0);
  driver.arrive(Driver::request(1, 1000, 7));
  driver.first_token(1);
  driver.tick(0.5);
  driver.arrive(Driver::request(2, 1000, 7));
  const auto& first = explanation_of(driver, 1).candidates[0];
  EXPECT_EQ(first.report.time, TimePoint(std::chrono::seconds(1)));
  EXPECT_EQ(first.residency_time, TimePoint{});
  const auto& second = explanation_of(driver, 2).candidates[0];
  EXPECT_EQ(second.residency, ResidencySource::kMirror);
  EXPECT_EQ(second.residency_time, TimePoint(std::chrono::seconds(2)));
  EXPECT_EQ(second.residency_blocks, 10U);
}

TEST(Explanation, HasTheTermsOfTheScore) {
  Driver driver(explained("min_ttft"), 1);
  driver.arrive(Driver::request(1, 1000));
  const auto terms = explanation_of(driver, 1).candidates[0].terms.terms();
  ASSERT_EQ(terms.size(), 3U);
  EXPECT_EQ(terms[2].name, "uncached");
  EXPECT_DOUBLE_EQ(terms[2].value, 1.0);
}

TEST(Explanation, FollowsARequestToItsEnd) {
  Driver driver(explained("round_robin"), 1);
  driver.arrive(Driver::request(1, 1000));
  driver.arrive(Driver::request(2, 1000));
  driver.tick(1.5);
  driver.first_token(1);
  driver.tick(1.0);
  driver.first_token(2);
  driver.apply(RequestFinished{{2}, 1, 10, 64});
  const auto& explanation = explanation_of(driver, 2);
  EXPECT_EQ(story(explanation), (Lines{"held instance-0", "dispatched instance-0",
                                       "first_token instance-0", "finished instance-0"}));
  const auto outcome = outcome_of(explanation);
  EXPECT_EQ(outcome.state, "finished");
  EXPECT_DOUBLE_EQ(outcome.queue_seconds.value(), 1.5);
  EXPECT_DOUBLE_EQ(outcome.ttft_seconds.value(), 2.5);
  EXPECT_EQ(outcome.expected_cached_tokens, 0U);
  EXPECT_EQ(outcome.reported_cached_tokens, 64U);
}

TEST(Explanation, ShowsAMoveAndIsFoundByTheDecisionThatMoved) {
  SchedulerOptions options = explained("round_robin");
  options.rebalancing = Rebalancing::kPaper;
  Driver driver(options);
  driver.arrive(Driver::request(1, 4000));
  driver.arrive(Driver::request(2, 100));
  driver.arrive(Driver::request(3, 2000));  // Moves from 0 to 1 by decision 4.
  const auto& explanation = explanation_of(driver, 4);
  EXPECT_EQ(explanation.record.id, 3U);
  ASSERT_EQ(story(explanation), (Lines{"held instance-0", "moved instance-1"}));
  EXPECT_EQ(explanation.happenings[1].from, "instance-0");
  EXPECT_EQ(explanation.happenings[1].decision, 4U);
}

TEST(Explanation, SaysByWhichRuleARequestMoved) {
  SchedulerOptions options = explained("round_robin");
  options.rebalancing = Rebalancing::kFreeness;
  Driver driver(options, 0);
  for (const std::uint32_t slot : {0U, 1U}) {
    driver.apply(InstanceAdded{.instance = {slot},
                               .spec = {.name = "i" + std::to_string(slot),
                                        .prefill_seconds_per_token = 0.001,
                                        .kv_cache_tokens = 10'000}});
  }
  std::uint64_t last_request = 0;
  for (const std::uint32_t tokens : {9000U, 100U, 900U, 100U, 1200U}) {
    driver.arrive(Driver::request(++last_request, tokens));
  }
  const auto& happenings = explanation_of(driver, 3).happenings;  // Held for 0, whose memory fills.
  ASSERT_GE(happenings.size(), 2U);
  EXPECT_EQ(name_of(happenings[1].kind), "moved");
  EXPECT_EQ(happenings[1].text, "sooner_at_freer_instance");
}

TEST(Explanation, OfARetryIsItsOwnAndTheFirstNamesIt) {
  Driver driver(explained("round_robin"));
  driver.arrive(Driver::request(1));
  driver.fail(1);
  EXPECT_EQ(story(explanation_of(driver, 1)),
            (Lines{"dispatched instance-0", "failed instance-0", "decided_again instance-1"}));
  EXPECT_EQ(explanation_of(driver, 1).happenings[2].decision, 2U);
  EXPECT_EQ(explanation_of(driver, 2).record.attempt, 2U);
  EXPECT_EQ(story(explanation_of(driver, 2)), Lines{"dispatched instance-1"});
}

TEST(Explanation, TellsWhyARequestWasRejected) {
  SchedulerOptions options = explained("round_robin");
  options.queue_wait_max = std::chrono::seconds(2);
  Driver driver(options, 1);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  driver.tick(2.0);
  const auto& last = explanation_of(driver, 2).happenings.back();
  EXPECT_EQ(last.kind, Happening::Kind::kRejected);
  EXPECT_EQ(last.text, "waited too long for an instance");
}

TEST(Explanation, IsGivenOnceAnIntervalAndForEveryAttemptOfThoseRequests) {
  SchedulerOptions options = explained("round_robin");
  options.explain.interval = std::chrono::seconds(1);
  Driver driver(options);
  driver.arrive(Driver::request(1));
  driver.arrive(Driver::request(2));
  driver.fail(1);
  driver.fail(2);
  driver.tick(1.0);
  driver.arrive(Driver::request(3));
  EXPECT_NE(driver.scheduler().explanation(1), nullptr);
  EXPECT_EQ(driver.scheduler().explanation(2), nullptr);
  EXPECT_NE(driver.scheduler().explanation(3), nullptr);  // The retry of request 1.
  EXPECT_EQ(driver.scheduler().explanation(4), nullptr);
  EXPECT_NE(driver.scheduler().explanation(5), nullptr);
}

TEST(Explanation, KeepsTheLastOnesOnly) {
  SchedulerOptions options = explained("round_robin");
  options.explain.kept = 2;
  Driver driver(options);
  for (std::uint64_t id = 1; id <= 3; ++id) driver.arrive(Driver::request(id));
  EXPECT_EQ(driver.scheduler().explanation(1), nullptr);
  ASSERT_EQ(driver.scheduler().explanations().size(), 2U);
  EXPECT_EQ(driver.scheduler().explanations()[0]->record.id, 2U);
  EXPECT_EQ(driver.scheduler().explanations()[1]->record.id, 3U);
  driver.finish(1);  // Its explanation's place is the third one's: only that one's dispatch shows.
  EXPECT_EQ(story(explanation_of(driver, 3)), (Lines{"held instance-0", "dispatched instance-0"}));
}

TEST(Explanation, IsNotGivenUnlessAskedFor) {
  Driver driver(Driver::policy("round_robin"));
  driver.arrive(Driver::request(1));
  EXPECT_EQ(driver.scheduler().explanation(1), nullptr);
  EXPECT_TRUE(driver.scheduler().explanations().empty());
}

const OtherPolicy& other(const Explanation& explanation, std::string_view policy) {
  for (const OtherPolicy& candidate : explanation.others) {
    if (candidate.policy == policy) return candidate;
  }
  ADD_FAILURE() << "no policy " << policy;
  static const OtherPolicy kNone;
  return kNone;
}

TEST(OtherPolicies, AreAskedOnTheSameInputs) {
  Driver driver(explained("round_robin"));
  driver.arrive(Driver::request(1, 1000, 7));
  driver.first_token(1);
  driver.arrive(Driver::request(2, 1000, 7));  // Goes to 1; the prefix is on 0.
  const auto& explanation = explanation_of(driver, 2);
  const auto& least_work = other(explanation, "least_work_left");
  ASSERT_TRUE(least_work.choice);
  EXPECT_EQ(least_work.instance, "instance-0");
  EXPECT_EQ(least_work.choice->cached_tokens, 1000U);
  EXPECT_DOUBLE_EQ(least_work.choice->estimated_ttft_seconds, 0.001);
  EXPECT_EQ(least_work.choice->reason, "least_work_left");
}

TEST(OtherPolicies, DoNotGuessAHistoryThatTheyHaveNotSeen) {
  Driver driver(explained("min_ttft"));
  driver.arrive(Driver::request(1));
  const auto& explanation = explanation_of(driver, 1);
  EXPECT_FALSE(other(explanation, "round_robin").choice);
  EXPECT_EQ(other(explanation, "round_robin").absent,
            "follows from earlier requests; run it as a shadow");
  EXPECT_FALSE(other(explanation, "dualmap").choice);  // min_ttft keeps no keys.
  for (const OtherPolicy& entry : explanation.others) EXPECT_NE(entry.policy, "min_ttft");
}

TEST(OtherPolicies, ShareTheKeysOfAPolicyWithHomes) {
  Driver driver(explained("dualmap"));
  driver.arrive(Driver::request(1));
  EXPECT_TRUE(other(explanation_of(driver, 1), "prefix_affinity").choice);
}

TEST(OtherPolicies, HaveTheirHistoryWhereTheySeeAllDecisions) {
  SchedulerOptions options = explained("min_ttft");
  options.explain.others_see_all = true;
  options.explain.only_request = 3;
  Driver driver(options);
  for (std::uint64_t id = 1; id <= 3; ++id) driver.arrive(Driver::request(id));
  ASSERT_EQ(driver.scheduler().explanations().size(), 1U);
  const auto& explanation = explanation_of(driver, 3);
  EXPECT_EQ(other(explanation, "round_robin").instance, "instance-0");  // 0, 1, then 0 again.
  EXPECT_TRUE(other(explanation, "dualmap").choice);
}

TEST(OtherPolicies, AreLeftOutWhereTheyAreNotAskedFor) {
  SchedulerOptions options = explained("min_ttft");
  options.explain.others = false;
  Driver driver(options);
  driver.arrive(Driver::request(1));
  EXPECT_TRUE(explanation_of(driver, 1).others.empty());
}

TEST(ExplanationJson, HasOneFormForDecisionsWithAndWithoutAnExplanation) {
  Driver driver(explained("min_ttft"), 1);
  driver.arrive(Driver::request(1, 1000));
  const DecisionLabels labels{
      .model = "m", .fleet = 2, .name_of = [](InstanceId) { return std::string("a"); }};
  JsonWriter plain;
  write_decision(plain, *driver.scheduler().decisions().find(1), labels);
  const std::string head =
      R"({"id":"2-1","model":"m","seconds":0,"request":1,"attempt":1,"policy":"min_ttft",)"
      R"("reason":"least_estimated_ttft","sentence":"The smallest estimated time to the first token.",)"
      R"("chosen":)";
  const std::string rest = R"(,"shadow":null,"held":false,"prompt_tokens":1000,"key_blocks":0,)";
  EXPECT_EQ(plain.take(),
            head + R"("a")" + rest +
                R"("explained":true,"candidates_considered":1,"candidates":[{"instance":"a",)"
                R"("cached_tokens":0,"held_tokens":0,"sent_tokens":0,"running_requests":0,)"
                R"("estimated_ttft_seconds":1,"score":1}]})");
  JsonWriter full;
  write_explanation(full, explanation_of(driver, 1), labels);
  const std::string text = full.take();
  EXPECT_EQ(text.substr(0, head.size()), head);
  EXPECT_NE(text.find(R"("chosen":"instance-0")"), std::string::npos);
  EXPECT_NE(text.find(R"("explained":true)"), std::string::npos);
  EXPECT_NE(text.find(R"("formula":"held + sent + uncached, in seconds",)"
                      R"("terms":{"held":0,"sent":0,"uncached":1})"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("afterwards":[{"after_seconds":0,"what":"dispatched",)"
                      R"("instance":"instance-0","attempt":1,"decision":"2-1"}])"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("report":{"age_seconds":null,)"), std::string::npos);
}

}  // namespace
}  // namespace ringmaster
