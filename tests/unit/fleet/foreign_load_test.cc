#include "fleet/foreign_load.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint at(Duration since_start) {
  return TimePoint{} + since_start;
}

/// One instance: the test says what this gateway sends, and what the instance reports. A request
/// takes 100 tokens and 10 blocks.
class ForeignLoadTest : public testing::Test {
 protected:
  ForeignLoadTest() {
    mean_.note(100, 10);
    report(at(seconds(0)), 0, 0, 0);  // The first one only starts the accounting.
  }

  void send(TimePoint now) {
    load_.begin_prefill(100);
    foreign_.note(now, load_);
  }
  void end_prefill(TimePoint now) {
    load_.end_prefill(100);
    load_.begin_decode(10);
    foreign_.note(now, load_);
  }
  void finish(TimePoint now) {
    load_.end_decode(10);
    foreign_.note(now, load_);
  }
  void report(TimePoint time, std::uint32_t running, std::uint32_t waiting,
              std::optional<std::uint64_t> tokens, Duration delay = {}, Duration error = {}) {
    foreign_.apply({.running_requests = running,
                    .waiting_requests = waiting,
                    .queued_prefill_tokens = tokens,
                    .time = time,
                    .time_error = error},
                   time + delay, mean_, load_);
  }

  MeanRequest mean_;
  InstanceLoad load_;
  ForeignLoad foreign_;
};

TEST_F(ForeignLoadTest, IsNoneWhereTheReportCountsOnlyOurRequests) {
  send(at(seconds(1)));
  send(at(seconds(2)));
  report(at(seconds(3)), 1, 1, 200);
  EXPECT_EQ(load_.foreign_requests, 0U);
  EXPECT_EQ(load_.pending_tokens(), 200U);
}

TEST_F(ForeignLoadTest, IsWhatTheReportCountsBeyondOurs) {
  send(at(seconds(1)));
  report(at(seconds(2)), 1, 2, 300);
  EXPECT_EQ(load_.foreign_requests, 2U);
  EXPECT_EQ(load_.foreign_tokens, 200U);
  EXPECT_EQ(load_.requests(), 3U);
  EXPECT_EQ(load_.pending_tokens(), 300U);
}

TEST_F(ForeignLoadTest, ComparesAStaleReportWithWhatWasSentWhenItWasTrue) {
  send(at(seconds(1)));
  send(at(milliseconds(2500)));  // After the report was true, before it is heard.
  report(at(seconds(2)), 1, 1, 200, seconds(1));
  EXPECT_EQ(load_.foreign_requests, 1U);
  EXPECT_EQ(load_.requests(), 3U);  // The report and the own dispatch since.
  EXPECT_EQ(load_.pending_tokens(), 300U);
}

TEST_F(ForeignLoadTest, IsNoneAfterOurRequestsEndedSinceAStaleReport) {
  send(at(seconds(1)));
  end_prefill(at(milliseconds(2200)));
  finish(at(milliseconds(2400)));
  report(at(seconds(2)), 1, 0, 100, seconds(1));
  EXPECT_EQ(load_.requests(), 0U);
  EXPECT_EQ(load_.pending_tokens(), 0U);
}

TEST_F(ForeignLoadTest, TakesTheMostThatWasSentWhileTheReportMayHaveBeenTrue) {
  send(at(milliseconds(1500)));
  end_prefill(at(milliseconds(1600)));
  finish(at(milliseconds(1900)));
  report(at(seconds(2)), 1, 0, 100, Duration{}, milliseconds(300));
  EXPECT_EQ(load_.foreign_requests, 0U);
}

TEST_F(ForeignLoadTest, EstimatesTokensWhereNoneAreReported) {
  send(at(seconds(1)));
  report(at(seconds(2)), 1, 3, std::nullopt);  // Three of four are foreign: so of three waiting.
  EXPECT_EQ(load_.foreign_requests, 3U);
  EXPECT_EQ(load_.foreign_tokens, 225U);
}

TEST_F(ForeignLoadTest, TakesThoseWithoutTokensToComputeForDecoding) {
  report(at(seconds(2)), 5, 0, 150);  // Two in prefill at 100 tokens each, three decoding.
  EXPECT_EQ(load_.running_kv_blocks, 30U);
  report(at(seconds(3)), 0, 0, 0);
  EXPECT_EQ(load_.running_kv_blocks, 0U);
}

TEST_F(ForeignLoadTest, IgnoresAReportOlderThanTheLast) {
  report(at(seconds(3)), 0, 2, 200);
  report(at(seconds(2)), 0, 9, 900);
  EXPECT_EQ(load_.foreign_requests, 2U);
}

TEST_F(ForeignLoadTest, BelievesNoReportForEver) {
  report(at(seconds(2)), 0, 2, 200);
  send(at(seconds(32)));
  EXPECT_EQ(load_.foreign_requests, 2U);
  send(at(milliseconds(32'001)));
  EXPECT_EQ(load_.foreign_requests, 0U);
  EXPECT_EQ(load_.pending_tokens(), 200U);
}

TEST_F(ForeignLoadTest, SaysNothingBeforeTheFirstReport) {
  ForeignLoad fresh;
  InstanceLoad load;
  fresh.apply({.running_requests = 7, .time = at(seconds(1))}, at(seconds(2)), mean_, load);
  EXPECT_EQ(load.foreign_requests, 0U);  // Ours or others': what was sent was not noted then.
  fresh.apply({.running_requests = 7, .time = at(milliseconds(1500))}, at(seconds(3)), mean_, load);
  EXPECT_EQ(load.foreign_requests, 0U);
  fresh.apply({.running_requests = 7, .time = at(seconds(2))}, at(seconds(3)), mean_, load);
  EXPECT_EQ(load.foreign_requests, 7U);
}

TEST_F(ForeignLoadTest, StaysBoundedUnderAFloodBetweenReports) {
  for (int i = 0; i < 10'000; ++i) send(at(milliseconds(i)));
  report(at(seconds(10)), 5000, 5001, 0);
  EXPECT_EQ(load_.foreign_requests, 1U);
}

TEST_F(ForeignLoadTest, TakesWhatIsPutAsideFromTheOwnerAlone) {
  foreign_.apply({.running_requests = 0,
                  .waiting_requests = 3,
                  .queued_prefill_tokens = 300,
                  .is_of_owner = true,
                  .put_aside_tokens = 200,
                  .time = at(seconds(1))},
                 at(seconds(1)), mean_, load_);
  EXPECT_EQ(load_.put_aside_tokens, 200U);
  report(at(seconds(2)), 1, 0, 0);
  EXPECT_EQ(load_.put_aside_tokens, 200U);
}

}  // namespace
}  // namespace ringmaster
