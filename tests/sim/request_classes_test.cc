// Classes of requests with targets and priorities of their own.

#include <gtest/gtest.h>

#include "sim/run.h"
#include "sim/simulation.h"
#include "sim/slo_targets.h"
#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TwoClasses : public testing::TestWithParam<QueueDiscipline> {
 protected:
  static constexpr std::size_t kRequests = 1000;

  /// Attainment of the classes "first" and "second", under more load than two instances bear.
  [[nodiscard]] std::vector<ClassMetrics> run() const {
    RunOptions run{.simulation = options_};
    run.arrivals = {.qps = 1.4};  // 1.6 s each on two instances: 1.25/s at most.
    return run_point(workload_, run)->metrics.classes;
  }

  TwoClasses() {
    options_.scheduler.queue = GetParam();
    options_.classes = {{.name = "first", .share = 0.5, .ttft_slo = seconds(10), .priority = 1},
                        {.name = "second", .share = 0.5, .ttft_slo = seconds(10)}};
  }

  Workload workload_ = strangers(kRequests, 10'000);
  SimulationOptions options_ = fleet_of(2, "ringmaster");
};

TEST_P(TwoClasses, GoByPriorityWhateverTheQueue) {
  const auto classes = run();
  EXPECT_GT(classes[0].slo_attainment, 0.95);
  EXPECT_LT(classes[1].slo_attainment, 0.8);
}

TEST_P(TwoClasses, AreTreatedAlikeWithoutPriorities) {
  options_.classes[0].priority = 0;
  const auto classes = run();
  EXPECT_NEAR(classes[0].slo_attainment, classes[1].slo_attainment, 0.08);
}

INSTANTIATE_TEST_SUITE_P(All, TwoClasses,
                         testing::Values(QueueDiscipline::kFcfs, QueueDiscipline::kLongestHit,
                                         QueueDiscipline::kShortest, QueueDiscipline::kSlack,
                                         QueueDiscipline::kOnTime, QueueDiscipline::kFair));

TEST(Targets, AreThoseOfTheClass) {
  const std::vector<RequestClass> classes = {{.ttft_slo = seconds(1)}, {.ttft_slo = seconds(3)}};
  const SloTargets targets{.ttft = seconds(9), .classes = classes};
  RequestOutcome outcome{.first_token = TimePoint{} + seconds(2)};
  EXPECT_FALSE(targets.met(outcome, 1));
  outcome.request_class = 1;
  EXPECT_TRUE(targets.met(outcome, 1));
}

TEST(Targets, NeedBothTimesToBeMet) {
  const SloTargets targets{.ttft = seconds(5), .tpot = milliseconds(100)};
  RequestOutcome outcome{.first_token = TimePoint{} + seconds(1),
                         .finished = TimePoint{} + seconds(2)};
  EXPECT_FALSE(targets.met(outcome, 11));  // 100 ms a token: not below.
  EXPECT_TRUE(targets.met(outcome, 12));
  EXPECT_TRUE(targets.met(outcome, 1));  // One token has no time per token.
}

TEST(Targets, AreMissedByLostAndRejectedRequests) {
  const SloTargets targets{.ttft = seconds(5)};
  EXPECT_TRUE(targets.met({}, 1));
  EXPECT_FALSE(targets.met({.is_rejected = true}, 1));
  EXPECT_FALSE(targets.met({.is_lost = true}, 1));
}

}  // namespace
}  // namespace ringmaster::sim
