#include "scheduler/shadow_policy.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "policies/policy_registry.h"
#include "scheduler/event_codec.h"
#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

SchedulerOptions with_shadow(const std::string& policy, const std::string& shadow) {
  SchedulerOptions options = Driver::policy(policy);
  if (!shadow.empty()) options.shadow = parse_policy_config(shadow).value();
  return options;
}

/// Conversations with shared prefixes, failures and reports on four instances; returns every
/// action.
std::string play(Driver& driver, std::uint64_t requests = 400) {
  std::string lines;
  const auto note = [&](const ActionList& actions) {
    for (const Action& action : actions) append_action_line(lines, action);
  };
  for (std::uint64_t id = 1; id <= requests; ++id) {
    RequestSpec request =
        Driver::request(id, 200 + 100 * static_cast<std::uint32_t>(id % 9), 1 + id % 7);
    request.session = 1 + id % 7;
    note(driver.arrive(std::move(request)));
    note(driver.tick(0.05));
    if (id % 11 == 0) note(driver.fail(id));
    if (id > 3) note(driver.first_token(id - 3, (id - 3) % 11 == 0 ? 2 : 1));
    if (id > 6) note(driver.finish(id - 6, (id - 6) % 11 == 0 ? 2 : 1));
  }
  return lines;
}

TEST(ShadowPolicy, NeverDiffersFromTheSamePolicy) {
  for (const std::string_view name : policy_names()) {
    Driver driver(with_shadow(std::string(name), std::string(name)), 4);
    play(driver);
    const ShadowFigures& figures = *driver.scheduler().shadow();
    EXPECT_GE(figures.decisions, 400U) << name;
    EXPECT_EQ(figures.differing, 0U) << name;
    EXPECT_EQ(figures.shadow_cached_tokens, figures.acting_cached_tokens) << name;
    EXPECT_EQ(figures.shadow_ttft_seconds, figures.acting_ttft_seconds) << name;
  }
}

TEST(ShadowPolicy, ChangesNoAction) {
  for (const std::string_view acting : {"dualmap", "ringmaster", "round_robin"}) {
    Driver alone(with_shadow(std::string(acting), ""), 4);
    const std::string expected = play(alone);
    for (const std::string_view shadow : policy_names()) {
      Driver driver(with_shadow(std::string(acting), std::string(shadow)), 4);
      EXPECT_EQ(play(driver), expected) << acting << " beside " << shadow;
    }
  }
}

TEST(ShadowPolicy, AndExplanationsAreNotInARecording) {
  std::string alone;
  append_header_line(alone, with_shadow("dualmap", ""));
  SchedulerOptions options = with_shadow("dualmap", "min_ttft");
  options.explain.kept = 10;
  std::string watched;
  append_header_line(watched, options);
  EXPECT_EQ(watched, alone);
}

TEST(ShadowPolicy, IsComparedByWhatItExpects) {
  Driver driver(with_shadow("round_robin", "min_ttft"));
  driver.arrive(Driver::request(1, 1000, 7));  // Both: instance 0, nothing cached.
  driver.first_token(1);
  driver.arrive(Driver::request(2, 1000, 7));  // Acting: 1. Shadow: 0, where all of it is cached.
  const ShadowFigures& figures = *driver.scheduler().shadow();
  EXPECT_EQ(figures.policy, "min_ttft");
  EXPECT_EQ(figures.decisions, 2U);
  EXPECT_EQ(figures.differing, 1U);
  EXPECT_EQ(figures.acting_cached_tokens, 0U);
  EXPECT_EQ(figures.shadow_cached_tokens, 1000U);
  EXPECT_DOUBLE_EQ(figures.acting_ttft_seconds, 2.0);
  EXPECT_DOUBLE_EQ(figures.shadow_ttft_seconds, 1.001);
}

TEST(ShadowPolicy, DiffersWhereOnlyOneOfTheTwoRefuses) {
  SchedulerOptions options = with_shadow("min_ttft", "mooncake");
  options.ttft_slo = std::chrono::milliseconds(10);
  Driver driver(options, 1);
  driver.arrive(Driver::request(1, 1000));
  EXPECT_EQ(driver.scheduler().shadow()->differing, 1U);
}

TEST(ShadowPolicy, IsNamedInTheDecisionLog) {
  Driver driver(with_shadow("round_robin", "min_ttft"));
  driver.arrive(Driver::request(1, 1000, 7));
  driver.first_token(1);
  driver.arrive(Driver::request(2, 1000, 7));
  const DecisionRecord* record = driver.scheduler().decisions().find(2);
  ASSERT_NE(record, nullptr);
  EXPECT_TRUE(record->has_shadow);
  EXPECT_EQ(record->chosen, InstanceId{1});
  EXPECT_EQ(record->shadow, InstanceId{0});
}

TEST(ShadowPolicy, IsRefusedWhereItIsNotKnown) {
  const auto scheduler = Scheduler::create(with_shadow("dualmap", "dualmop"));
  ASSERT_FALSE(scheduler);
  EXPECT_NE(scheduler.error().message.find("did you mean 'dualmap'?"), std::string::npos)
      << scheduler.error().message;
}

/// Throws at its third choice, or at the first request that it hears of.
class ThrowingPolicy final : public RoutingPolicy, private RequestObserver {
 public:
  explicit ThrowingPolicy(bool throws_when_told) : throws_when_told_(throws_when_told) {}

  [[nodiscard]] std::string_view name() const override { return "throwing"; }
  [[nodiscard]] RequestObserver* observer() override { return this; }
  void choose(const RoutingQuery& query, const FleetState& /*fleet*/,
              RoutingDecision& decision) override {
    if (++asked_ == 3) throw std::runtime_error("no memory left");
    decision.instance = query.candidates.front();
    decision.consider({.instance = decision.instance});
  }

  int asked_ = 0;
  int told_ = 0;

 private:
  void dispatched(const ObservedRequest& /*seen*/) override {
    ++told_;
    if (throws_when_told_) throw std::runtime_error("told too much");
  }

  bool throws_when_told_;
};

/// A shadow and a decision to ask it about.
struct ThrowingShadow {
  explicit ThrowingShadow(bool throws_when_told) {
    fleet.add({0}, {.name = "a", .prefill_seconds_per_token = 0.001}, ResidencySource::kMirror);
    auto owned = std::make_unique<ThrowingPolicy>(throws_when_told);
    policy = owned.get();
    shadow = std::make_unique<ShadowPolicy>(
        std::make_unique<AdvisingPolicy>("throwing", std::move(owned)));
  }

  std::optional<AdvisedChoice> decide() {
    RoutingDecision acting;
    acting.instance = {0};
    acting.consider({.instance = {0}});
    const RoutingQuery query{.request = request, .candidates = fleet.eligible()};
    return shadow->decide(
        {.query = query, .fleet = fleet, .policy = *policy, .decision = acting, .is_first = true});
  }
  void tell() { shadow->observer()->dispatched({.request = request, .instance = {0}}); }

  FleetState fleet{160, 1000};
  RequestSpec request = Driver::request(1);
  ThrowingPolicy* policy = nullptr;
  std::unique_ptr<ShadowPolicy> shadow;
};

TEST(ShadowPolicy, IsNotAskedAgainOnceItHasThrown) {
  ThrowingShadow throwing(false);
  EXPECT_TRUE(throwing.decide());
  EXPECT_TRUE(throwing.decide());
  EXPECT_FALSE(throwing.decide());
  EXPECT_FALSE(throwing.decide());
  EXPECT_EQ(throwing.policy->asked_, 3);
  EXPECT_EQ(throwing.shadow->figures().decisions, 2U);
  EXPECT_TRUE(throwing.shadow->figures().has_failed);
  EXPECT_EQ(throwing.shadow->figures().failure, "no memory left");
}

TEST(ShadowPolicy, IsNotToldAnythingOnceItHasThrown) {
  ThrowingShadow throwing(false);
  throwing.tell();
  for (int i = 0; i < 3; ++i) throwing.decide();
  throwing.tell();
  EXPECT_EQ(throwing.policy->told_, 1);
}

TEST(ShadowPolicy, IsNotAskedAgainOnceItHasThrownAtWhatItWasTold) {
  ThrowingShadow throwing(true);
  EXPECT_TRUE(throwing.decide());
  throwing.tell();
  EXPECT_FALSE(throwing.decide());
  EXPECT_EQ(throwing.policy->asked_, 1);
  EXPECT_EQ(throwing.shadow->figures().failure, "told too much");
}

TEST(ShadowPolicy, IsNotThereUnlessAskedFor) {
  Driver driver(Driver::policy("dualmap"));
  EXPECT_EQ(driver.scheduler().shadow(), nullptr);
}

}  // namespace
}  // namespace ringmaster
