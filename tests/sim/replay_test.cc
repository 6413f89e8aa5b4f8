#include "sim/replay.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synthetic_workload.h"

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// What the scheduler of a simulation heard and asked for.
std::string recording_of(std::string_view policy) {
  constexpr std::size_t kRequests = 300;
  const auto workload = conversations(1, kRequests);
  const auto arrivals = poisson_arrivals(1, kRequests, 6.0);
  std::string recording;
  auto options = fleet_of(4, policy);
  options.recording = &recording;
  EXPECT_TRUE(simulate(workload, arrivals, 0, options).has_value());
  return recording;
}

class AnyPolicy : public testing::TestWithParam<std::string> {};

TEST_P(AnyPolicy, TakesTheSameActionsAgain) {
  const auto replayed = replay_recording(recording_of(GetParam()), "r.txt");
  ASSERT_TRUE(replayed.has_value()) << replayed.error().message;
  EXPECT_FALSE(replayed->difference.has_value()) << *replayed->difference;
  EXPECT_GE(replayed->actions, 300U);
}

INSTANTIATE_TEST_SUITE_P(Replay, AnyPolicy,
                         testing::Values("dualmap", "dualmap:variant=code,rebalance=off", "random",
                                         "power_of_two", "min_ttft", "least_loaded"));

TEST(Replay, NamesTheFirstActionThatDiffers) {
  std::string recording = recording_of("round_robin");
  const auto place = recording.find("> dispatch ");
  recording.replace(recording.find("instance=", place), 10, "instance=9");
  const auto replayed = replay_recording(recording, "r.txt");
  ASSERT_TRUE(replayed.has_value());
  ASSERT_TRUE(replayed->difference.has_value());
  EXPECT_THAT(*replayed->difference, StartsWith("r.txt:7: recorded \"> dispatch "));
}

TEST(Replay, NamesAnActionThatIsMissing) {
  std::string recording = recording_of("round_robin");
  const auto place = recording.find("> dispatch ");
  recording.erase(place, recording.find('\n', place) + 1 - place);
  const auto replayed = replay_recording(recording, "r.txt");
  ASSERT_TRUE(replayed.has_value());
  EXPECT_THAT(replayed->difference.value_or("none"), HasSubstr("recorded nothing, replayed"));
}

TEST(Replay, TakesARecordingWithoutActions) {
  const std::string recording = recording_of("dualmap");
  const auto whole = replay_recording(recording, "r.txt").value();
  std::string events;
  for (std::string_view rest = recording; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
    if (rest[0] != '>') events += rest.substr(0, rest.find('\n') + 1);
  }
  const auto replayed = replay_recording(events, "r.txt").value();
  EXPECT_FALSE(replayed.difference.has_value());
  EXPECT_EQ(replayed.digest, whole.digest);
}

TEST(Replay, NamesFileAndLineOfAMalformedLine) {
  const auto replayed = replay_recording(recording_of("dualmap") + "x\n", "r.txt");
  ASSERT_FALSE(replayed.has_value());
  EXPECT_THAT(replayed.error().message, StartsWith("r.txt:"));
}

TEST(Replay, RefusesTimeThatGoesBack) {
  const auto replayed = replay_recording(recording_of("dualmap") + "5 tick\n", "r.txt");
  ASSERT_FALSE(replayed.has_value());
  EXPECT_THAT(replayed.error().message, HasSubstr("a time not before that of the event above"));
}

TEST(Replay, RefusesAnEmptyRecording) {
  EXPECT_THAT(replay_recording("", "r.txt").error().message, HasSubstr("expected a header line"));
}

}  // namespace
}  // namespace ringmaster::sim
