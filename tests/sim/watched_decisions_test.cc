// Shadows and explanations in a simulation: they see everything and change nothing.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policies/policy_registry.h"
#include "sim/explanation_text.h"
#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t kRequests = 300;

SimulationOutcome run(SimulationOptions options, std::string* recording = nullptr,
                      std::size_t first_counted = 0) {
  options.recording = recording;
  auto outcome = simulate(conversations(1, kRequests), poisson_arrivals(1, kRequests, 6.0),
                          first_counted, options);
  EXPECT_TRUE(outcome.has_value());
  return outcome ? std::move(*outcome) : SimulationOutcome{};
}

ExplainOptions explain_only(std::uint64_t request) {
  return {.kept = 4,
          .interval = Duration::zero(),
          .others = true,
          .others_see_all = true,
          .only_request = request};
}

DecisionLabels labels() {
  return {.model = "m", .fleet = 1, .name_of = [](InstanceId) { return std::string("gone"); }};
}

TEST(Shadow, LeavesTheRecordingAsItWasToTheByte) {
  std::string alone;
  run(fleet_of(4, "dualmap"), &alone);
  for (const std::string_view name : policy_names()) {
    SimulationOptions options = fleet_of(4, "dualmap");
    options.scheduler.shadow = parse_policy_config(name).value();
    std::string watched;
    run(options, &watched);
    EXPECT_EQ(watched, alone) << name;
  }
}

TEST(Shadow, OfTheSamePolicyNeverDiffers) {
  for (const std::string_view name : policy_names()) {
    SimulationOptions options = fleet_of(4, name, ModelKind::kBatching);
    options.scheduler.shadow = parse_policy_config(name).value();
    const auto outcome = run(options);
    ASSERT_TRUE(outcome.shadow.has_value());
    EXPECT_EQ(outcome.shadow->decisions, kRequests) << name;
    EXPECT_EQ(outcome.shadow->differing, 0U) << name;
  }
}

TEST(Shadow, IsCountedOverTheCountedRequests) {
  SimulationOptions options = fleet_of(4, "round_robin");
  options.scheduler.shadow = parse_policy_config("min_ttft").value();
  const auto outcome = run(options, nullptr, 200);
  EXPECT_EQ(outcome.shadow->decisions, 100U);
  EXPECT_GT(outcome.shadow->differing, 50U);
  EXPECT_GT(outcome.shadow->shadow_cached_tokens, outcome.shadow->acting_cached_tokens);
}

TEST(SimulatedExplanation, LeavesTheRecordingAsItWasToTheByte) {
  std::string alone;
  run(fleet_of(4, "ringmaster"), &alone);
  SimulationOptions options = fleet_of(4, "ringmaster");
  options.scheduler.explain = explain_only(200);
  std::string watched;
  run(options, &watched);
  EXPECT_EQ(watched, alone);
}

TEST(SimulatedExplanation, TellsWhatBecameOfTheRequest) {
  SimulationOptions options = fleet_of(4, "dualmap");
  options.scheduler.explain = explain_only(200);
  const auto outcome = run(options);
  ASSERT_EQ(outcome.explanations.size(), 1U);
  const Explanation& explanation = outcome.explanations.front();
  const RequestOutcome& request = outcome.requests[199];
  const auto told = outcome_of(explanation);
  EXPECT_EQ(told.state, "finished");
  EXPECT_DOUBLE_EQ(told.ttft_seconds.value(), to_seconds(request.first_token - request.arrival));
  EXPECT_EQ(told.reported_cached_tokens, request.cached_tokens);
  EXPECT_EQ(explanation.others.size(), policy_names().size() - 1);
  for (const OtherPolicy& other : explanation.others) EXPECT_TRUE(other.choice) << other.policy;
}

TEST(SimulatedExplanation, SaysTheSameInTextAsInJson) {
  SimulationOptions options = fleet_of(2, "min_ttft");
  options.scheduler.explain = explain_only(1);
  const auto outcome = run(options);
  ASSERT_EQ(outcome.explanations.size(), 1U);
  const Explanation& explanation = outcome.explanations.front();
  EXPECT_THAT(explanation_text(explanation, labels()),
              AllOf(HasSubstr("decision 1-1: request 1, attempt 1"),
                    HasSubstr("min_ttft chose instance-0: least_estimated_ttft\n"
                              "  The smallest estimated time to the first token.\n"),
                    HasSubstr("* instance-0"), HasSubstr("score = held + sent + uncached"),
                    HasSubstr("  round_robin      "), HasSubstr("dispatched instance-0"),
                    HasSubstr("outcome: finished; queued 0.0000 s")));
  JsonWriter json;
  write_explanation(json, explanation, labels());
  EXPECT_THAT(json.take(), AllOf(HasSubstr(R"("id":"1-1")"), HasSubstr(R"("chosen":"instance-0")"),
                                 HasSubstr(R"("policy":"round_robin")")));
}

}  // namespace
}  // namespace ringmaster::sim
