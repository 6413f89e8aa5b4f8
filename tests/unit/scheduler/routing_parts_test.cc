#include "scheduler/routing_parts.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scheduler/event_codec.h"
#include "scheduler/scheduler_core.h"
#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

PolicyConfig part(const std::string& text) {
  return parse_policy_config(text).value();
}

std::uint32_t instance_of(const ActionList& actions) {
  const auto dispatches = Driver::of<Dispatch>(actions);
  EXPECT_EQ(dispatches.size(), 1U);
  return dispatches.empty() ? 99 : dispatches[0].instance.value;
}

TEST(RoutingParts, LetFiltersNarrowWhatAnyPolicyChoosesFrom) {
  for (const char* policy : {"round_robin", "dualmap", "prefix_affinity", "ringmaster"}) {
    SchedulerOptions options = Driver::policy(policy);
    options.filters = {part("load_gap:gap_requests=0")};
    options.dispatch_window_requests = 0;
    Driver driver(options, 3);
    std::set<std::uint32_t> used;
    for (std::uint64_t id = 1; id <= 3; ++id) {
      used.insert(instance_of(driver.arrive(Driver::request(id, 100, 7))));
    }
    EXPECT_EQ(used.size(), 3U) << policy;  // Each time among the idlest only.
  }
}

TEST(RoutingParts, PassOverAFilterThatLeavesNobody) {
  SchedulerOptions options = Driver::policy("least_loaded");
  options.filters = {part("within_slo:share=0.01")};
  Driver driver(options, 2);
  EXPECT_EQ(Driver::of<Dispatch>(driver.arrive(Driver::request(1, 1000))).size(), 1U);
}

TEST(RoutingParts, KeepRequestsOffAVetoedInstanceUnlessAllAre) {
  SchedulerOptions options = Driver::policy("round_robin");
  options.veto = part("predicted_peak:kv_tokens=2000,reserve=0");
  Driver driver(options, 2);
  EXPECT_EQ(instance_of(driver.arrive(Driver::request(1, 1500))), 0U);
  EXPECT_EQ(instance_of(driver.arrive(Driver::request(2, 100))), 1U);
  EXPECT_EQ(instance_of(driver.arrive(Driver::request(3, 1000))), 1U);  // 0 would be full.
  EXPECT_EQ(Driver::of<Dispatch>(driver.arrive(Driver::request(4, 1900))).size(), 1U);
}

TEST(RoutingParts, LetNoRequestMoveToAVetoedInstance) {
  SchedulerOptions options = Driver::policy("round_robin");
  options.dispatch_window_requests = 1;
  options.rebalancing = Rebalancing::kPaper;
  const auto moves_with = [&](const std::string& kv_tokens) {
    options.veto = part("predicted_peak:reserve=0,kv_tokens=" + kv_tokens);
    Driver driver(options);
    driver.arrive(Driver::request(1, 4000));
    driver.arrive(Driver::request(2, 100));
    return Driver::of<Move>(driver.arrive(Driver::request(3, 2000))).size();
  };
  EXPECT_EQ(moves_with("100000"), 1U);
  EXPECT_EQ(moves_with("2050"), 0U);  // Vetoed everywhere at first, so it goes round; then not.
}

TEST(RoutingParts, RefuseAtTheArrivalWhatIsNotAdmitted) {
  SchedulerOptions options = Driver::policy("round_robin");
  options.admission = part("early_rejection");
  Driver driver(options, 1);
  driver.arrive(Driver::request(1, 4500));
  const ActionList actions = driver.arrive(Driver::request(2, 1000));
  ASSERT_EQ(Driver::of<Reject>(actions).size(), 1U);
  EXPECT_EQ(Driver::of<Reject>(actions)[0].error.code, ErrorCode::kOverloaded);
  EXPECT_EQ(driver.scheduler().decisions().recent(1)[0]->reason, "past_slo_everywhere");
}

TEST(RoutingParts, AskTheAdmissionOnlyOncePerRequest) {
  SchedulerOptions options = Driver::policy("round_robin");
  options.admission = part("early_rejection");
  Driver driver(options, 2);
  driver.arrive(Driver::request(1, 4900));
  driver.arrive(Driver::request(2, 4900));
  const ActionList actions = driver.fail(1);  // Late wherever it goes now; but it was admitted.
  EXPECT_EQ(Driver::of<Reject>(actions).size(), 0U);
  EXPECT_EQ(Driver::of<Dispatch>(actions).size(), 1U);
}

TEST(RoutingParts, AreWrittenIntoARecordingAndReadBack) {
  SchedulerOptions options = Driver::policy("min_ttft");
  options.filters = {part("load_gap"), part("utilization:limit=2,kv_usage=0.9")};
  options.veto = part("predicted_peak:reserve=0.1");
  options.admission = part("early_rejection:reject_above=2");
  std::string line;
  append_header_line(line, options);
  line.pop_back();
  const SchedulerOptions read = parse_header_line(line).value();
  ASSERT_EQ(read.filters.size(), 2U);
  EXPECT_EQ(read.filters[1].name, "utilization");
  EXPECT_EQ(read.filters[1].options[1].second, "0.9");
  EXPECT_EQ(read.veto->options[0].first, "reserve");
  EXPECT_EQ(read.admission->name, "early_rejection");
}

/// Sends everything to the first instance and writes down what it is told.
class Listener final : public RoutingPolicy, private RequestObserver {
 public:
  explicit Listener(std::vector<std::string>& heard) : heard_(&heard) {}
  [[nodiscard]] std::string_view name() const override { return "listener"; }
  [[nodiscard]] RequestObserver* observer() override { return this; }
  void choose(const RoutingQuery& query, const FleetState& /*fleet*/,
              RoutingDecision& decision) override {
    decision.consider({.instance = query.candidates.front()});
    decision.instance = query.candidates.front();
  }

 private:
  void dispatched(const ObservedRequest& seen) override { note("dispatched", seen); }
  void first_token(const ObservedRequest& seen) override { note("first_token", seen); }
  void ended(const ObservedRequest& seen) override { note("ended", seen); }
  void instance_left(InstanceId instance) override {
    heard_->push_back("left " + std::to_string(instance.value));
  }
  void note(const std::string& what, const ObservedRequest& seen) {
    heard_->push_back(what + " " + std::to_string(seen.request.id.value) + " at " +
                      std::to_string(seen.instance.value) + " after " +
                      std::to_string(seen.since_arrival / std::chrono::seconds(1)) + "s output " +
                      std::to_string(seen.output_tokens.value_or(0)));
  }

  std::vector<std::string>* heard_;
};

class RequestObserverTest : public testing::Test {
 protected:
  RequestObserverTest() {
    SchedulerOptions options;
    options.queue = QueueDiscipline::kFcfs;
    options.rebalancing = Rebalancing::kOff;
    options.dispatch_window_requests = 1;
    scheduler_ = std::make_unique<SchedulerCore>(
        options, RoutingParts(std::make_unique<Listener>(heard_)), nullptr);
    for (const std::uint32_t slot : {0U, 1U}) {
      apply(InstanceAdded{{slot}, {.name = "i" + std::to_string(slot)}});
    }
  }
  void apply(Event event, double after_seconds = 0.0) {
    now_ += from_seconds(after_seconds);
    ActionList actions;
    scheduler_->apply(std::move(event), now_, actions);
  }

  std::vector<std::string> heard_;
  std::unique_ptr<SchedulerCore> scheduler_;
  TimePoint now_{};
};

TEST_F(RequestObserverTest, HearsOfDispatchFirstTokenAndEnd) {
  apply(RequestArrived{Driver::request(1)});
  apply(FirstToken{{1}, 1}, 2.0);
  apply(RequestFinished{{1}, 1, 30, std::nullopt}, 3.0);
  EXPECT_EQ(heard_, (std::vector<std::string>{"dispatched 1 at 0 after 0s output 0",
                                              "first_token 1 at 0 after 2s output 0",
                                              "ended 1 at 0 after 5s output 30"}));
}

TEST_F(RequestObserverTest, HearsOfAHeldRequestWhenItIsSent) {
  apply(RequestArrived{Driver::request(1)});
  apply(RequestArrived{Driver::request(2)});
  EXPECT_EQ(heard_.size(), 1U);
  apply(RequestCancelled{{1}}, 1.0);
  EXPECT_EQ(heard_[1], "ended 1 at 0 after 1s output 0");
  EXPECT_EQ(heard_[2], "dispatched 2 at 0 after 1s output 0");
}

TEST_F(RequestObserverTest, HearsOfEveryAttempt) {
  apply(RequestArrived{Driver::request(1)});
  apply(RequestFailed{{1}, 1, true});
  EXPECT_EQ(heard_, (std::vector<std::string>{"dispatched 1 at 0 after 0s output 0",
                                              "ended 1 at 0 after 0s output 0",
                                              "dispatched 1 at 1 after 0s output 0"}));
}

TEST_F(RequestObserverTest, HearsThatRequestsEndBeforeTheirInstanceLeaves) {
  apply(RequestArrived{Driver::request(1)});
  apply(InstanceRemoved{{0}});
  EXPECT_EQ(heard_, (std::vector<std::string>{"dispatched 1 at 0 after 0s output 0",
                                              "ended 1 at 0 after 0s output 0", "left 0",
                                              "dispatched 1 at 1 after 0s output 0"}));
}

}  // namespace
}  // namespace ringmaster
