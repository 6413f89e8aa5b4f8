// Several gateways before one fleet.

#include <array>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "sim/gateway_set.h"
#include "sim/report.h"
#include "sim/run.h"
#include "sim/simulation.h"
#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

constexpr std::size_t kRequests = 1500;

SimulationOptions shared_fleet(std::string_view policy, ModelKind model, std::uint32_t gateways) {
  SimulationOptions options = fleet_of(4, policy, model);
  options.gateways = gateways;
  options.signal_delay = std::chrono::seconds(1);
  options.report_interval = std::chrono::seconds(1);
  return options;
}

class AnyGateways : public testing::TestWithParam<std::tuple<std::string, ModelKind>> {
 protected:
  [[nodiscard]] static SimulationOptions options(std::uint32_t gateways) {
    return shared_fleet(std::get<0>(GetParam()), std::get<1>(GetParam()), gateways);
  }
  [[nodiscard]] static double rate() {
    return std::get<1>(GetParam()) == ModelKind::kSerial ? 6.0 : 3.0;
  }

  Workload workload_ = conversations(1, kRequests);
  std::vector<Duration> arrivals_ = poisson_arrivals(1, kRequests, rate());
};

TEST_P(AnyGateways, AnswerEveryRequestOnce) {
  const auto outcome = simulate(workload_, arrivals_, 0, options(4)).value();
  for (const RequestOutcome& request : outcome.requests) {
    EXPECT_FALSE(request.is_rejected);
    EXPECT_EQ(request.attempts, 1U);
  }
}

TEST_P(AnyGateways, GiveEqualBytesForEqualInputs) {
  RunOptions run{.trace = "t", .simulation = options(3)};
  run.arrivals = {.qps = rate(), .warmup_requests = 100};
  const RunReport first[] = {run_point(workload_, run).value()};
  const RunReport second[] = {run_point(workload_, run).value()};
  EXPECT_EQ(to_json(first), to_json(second));
}

// With one gateway nothing on an instance is foreign, so reports, stale or not, change nothing.
TEST_P(AnyGateways, DecideWithReportsAsWithoutIfThereIsOne) {
  auto without = options(1);
  without.report_interval = Duration::zero();
  const auto expected = simulate(workload_, arrivals_, 0, without).value();
  const auto found = simulate(workload_, arrivals_, 0, options(1)).value();
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(found.requests[i].instance, expected.requests[i].instance) << "request " << i;
    ASSERT_EQ(found.requests[i].first_token, expected.requests[i].first_token);
  }
}

TEST_P(AnyGateways, AnswerEveryRequestOnceAsPeers) {
  auto peers = options(4);
  peers.peers = true;
  const auto outcome = simulate(workload_, arrivals_, 0, peers).value();
  for (const RequestOutcome& request : outcome.requests) {
    EXPECT_FALSE(request.is_rejected);
    EXPECT_EQ(request.attempts, 1U);
  }
}

// The only gateway owns everything: nobody is there to forward to.
TEST_P(AnyGateways, AreNoOtherAsPeersIfThereIsOne) {
  const auto expected = simulate(workload_, arrivals_, 0, options(1)).value();
  auto peers = options(1);
  peers.peers = true;
  const auto found = simulate(workload_, arrivals_, 0, peers).value();
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(found.requests[i].instance, expected.requests[i].instance) << "request " << i;
    ASSERT_EQ(found.requests[i].first_token, expected.requests[i].first_token);
  }
}

INSTANTIATE_TEST_SUITE_P(All, AnyGateways,
                         testing::Combine(testing::Values("dualmap", "ringmaster", "min_ttft",
                                                          "least_loaded", "lmetric", "llumnix"),
                                          testing::Values(ModelKind::kSerial,
                                                          ModelKind::kBatching)));

TEST(Gateways, SplitArrivalsAboutEvenly) {
  const auto gateways = GatewaySet::create({}, 4, 10'000).value();
  std::array<int, 4> counts{};
  for (std::uint32_t i = 0; i < 10'000; ++i) ++counts.at(gateways.gateway_of(i));
  for (const int count : counts) EXPECT_NEAR(count, 2500, 200);
}

TEST(Gateways, HaveSeedsOfTheirOwnButForTheFirst) {
  const auto gateways = GatewaySet::create({.seed = 7}, 3, 1).value();
  EXPECT_EQ(gateways[0].options().seed, 7U);
  EXPECT_NE(gateways[1].options().seed, 7U);
  EXPECT_NE(gateways[2].options().seed, gateways[1].options().seed);
}

TEST(Gateways, KnowOfEachOthersRequestsByReports) {
  // Without reports four gateways of `least_loaded` are blind to three quarters of the load.
  const auto workload = strangers(3000, 10'000);  // 1.6 s each: 8 instances serve five a second.
  const auto arrivals = poisson_arrivals(3, 3000, 4.5);
  auto options = shared_fleet("least_loaded:load=pending_tokens", ModelKind::kSerial, 4);
  options.instances = 8;
  options.signal_delay = Duration::zero();
  options.report_interval = std::chrono::milliseconds(20);
  const auto mean_ttft = [&] {
    const auto outcome = simulate(workload, arrivals, 0, options).value();
    return *summarise(workload, outcome, 0, std::chrono::seconds(5)).ttft_mean_s;
  };
  const double with_reports = mean_ttft();
  options.report_interval = Duration::zero();
  EXPECT_LT(with_reports, 0.9 * mean_ttft());
}

TEST(Gateways, AsPeersSendAnInstanceOnePrefillAtATime) {
  // Each request takes 1.6 s alone; four gateways with a window of one each would send four.
  const auto workload = strangers(400, 10'000);
  const auto arrivals = poisson_arrivals(3, 400, 2.4);
  auto options = shared_fleet("ringmaster", ModelKind::kSerial, 4);
  const auto late = [&] {
    const auto outcome = simulate(workload, arrivals, 0, options).value();
    return 1.0 - summarise(workload, outcome, 0, std::chrono::seconds(5)).slo_attainment;
  };
  const double alone = late();
  options.peers = true;
  EXPECT_LT(late(), 0.8 * alone);
}

TEST(Gateways, AsPeersDoNotTryElsewhereWhatTheOwnerRefuses) {
  const auto workload = strangers(300, 10'000);
  const auto arrivals = poisson_arrivals(7, 300, 5.0);  // The fleet can do half of that.
  auto options = shared_fleet("least_loaded", ModelKind::kSerial, 2);
  options.peers = true;
  options.scheduler.dispatch_window_requests = 1;
  options.scheduler.queue_requests_max = 1;
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  std::size_t rejected = 0;
  for (const RequestOutcome& request : outcome.requests) {
    EXPECT_LE(request.attempts, 1U);
    rejected += request.is_rejected ? 1 : 0;
  }
  EXPECT_GT(rejected, 50U);
}

TEST(Gateways, AsPeersLoseNothingWhenInstancesComeAndGo) {
  const auto workload = strangers(600, 10'000);
  const auto arrivals = poisson_arrivals(5, 600, 2.0);
  auto options = shared_fleet("ringmaster", ModelKind::kSerial, 3);
  options.peers = true;
  options.changes.given = {
      {.at = std::chrono::seconds(20), .kind = FleetChangeKind::kJoin},
      {.at = std::chrono::seconds(40), .kind = FleetChangeKind::kLeave, .instance = 0},
      {.at = std::chrono::seconds(60), .kind = FleetChangeKind::kCrash, .instance = 1}};
  const auto outcome = simulate(workload, arrivals, 0, options).value();
  std::size_t retried = 0;
  for (const RequestOutcome& request : outcome.requests) {
    EXPECT_TRUE(request.first_token > request.arrival || request.is_rejected);
    retried += request.attempts > 1 ? 1 : 0;
  }
  EXPECT_GT(retried, 0U);
}

TEST(Gateways, RefuseANumberOutOfRange) {
  EXPECT_EQ(GatewaySet::create({}, 0, 1).error().message, "gateways: expected 1 to 256, found 0");
}

TEST(Gateways, RefuseARecordingOfSeveral) {
  auto options = shared_fleet("dualmap", ModelKind::kSerial, 2);
  std::string recording;
  options.recording = &recording;
  const auto workload = strangers(1, 10);
  const std::vector<Duration> arrivals = {Duration(0)};
  EXPECT_EQ(simulate(workload, arrivals, 0, options).error().message,
            "a recording is of one gateway, found 2");
}

}  // namespace
}  // namespace ringmaster::sim
