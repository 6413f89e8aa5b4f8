#include "policies/predicted_peak.h"

#include <gtest/gtest.h>

#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

// Outputs of 100 tokens at 10 ms each, unless the test says otherwise; memory for 10,000 tokens.
class PredictedPeakTest : public PolicyFixture {
 protected:
  PredictedPeakTest() { learn(100, 20); }

  void learn(std::uint32_t output_tokens, int times) {
    for (int i = 0; i < times; ++i) {
      const RequestSpec done = request(1);
      tell().dispatched({.request = done, .instance = {3}, .now = now_});
      tell().first_token({.request = done, .instance = {3}, .now = now_});
      const TimePoint end = now_ + std::chrono::milliseconds(10) * (output_tokens - 1);
      tell().ended({.request = done, .instance = {3}, .now = end, .output_tokens = output_tokens});
    }
  }

  RequestSpec request(std::uint32_t prompt_tokens) {
    RequestSpec spec;
    spec.id = {++last_id_};
    spec.prompt_tokens = prompt_tokens;
    return spec;
  }
  RequestSpec run(std::uint32_t slot, std::uint32_t prompt_tokens) {
    RequestSpec spec = request(prompt_tokens);
    tell().dispatched({.request = spec, .instance = {slot}, .now = now_});
    return spec;
  }
  bool forbids(std::uint32_t slot, std::uint32_t prompt_tokens) {
    return veto_.forbids(request(prompt_tokens), {slot}, fleet_, now_);
  }
  RequestObserver& tell() { return *veto_.observer(); }

  PredictedPeak veto_{{.reserve = 0.0, .kv_tokens = 10'000}, 42};
  std::uint64_t last_id_ = 0;
};

TEST_F(PredictedPeakTest, CountsPromptsAndOutputsOfThoseThatRunAtTheSameTime) {
  run(0, 4000);
  run(0, 3000);
  EXPECT_DOUBLE_EQ(veto_.peak_tokens({0}, nullptr, now_), 7200.0);
  EXPECT_DOUBLE_EQ(veto_.peak_tokens({1}, nullptr, now_), 0.0);
}

TEST_F(PredictedPeakTest, ForbidsWhatWouldOverflowTheMemory) {
  run(0, 4000);
  run(0, 3000);
  EXPECT_FALSE(forbids(0, 2700));  // 9,700 prompts and 300 tokens to come.
  EXPECT_TRUE(forbids(0, 2701));
  EXPECT_FALSE(forbids(1, 2701));
}

TEST_F(PredictedPeakTest, KeepsAReserveFree) {
  PredictedPeak careful({.reserve = 0.1, .kv_tokens = 10'000}, 42);
  EXPECT_FALSE(careful.forbids(request(8999), {0}, fleet_, now_));  // Nothing seen: one token out.
  EXPECT_TRUE(careful.forbids(request(9000), {0}, fleet_, now_));
}

TEST_F(PredictedPeakTest, KnowsThatTheShorterOneIsGoneWhenTheLongerOneEnds) {
  const RequestSpec early = run(0, 5000);
  tell().first_token({.request = early, .instance = {0}, .now = now_});
  now_ += std::chrono::milliseconds(890);  // It has 90 of its 100 tokens.
  run(0, 4000);
  // Both at once: 5090 + 4000 + 2 * 10; the second one alone at its end: 4100.
  EXPECT_NEAR(veto_.peak_tokens({0}, nullptr, now_), 9110.0, 1.0);
}

TEST_F(PredictedPeakTest, DrawsAgainForOneThatIsLongerThanItsDraw) {
  learn(300, 1);
  const RequestSpec odd = run(0, 1000);
  tell().first_token({.request = odd, .instance = {0}, .now = now_});
  now_ += std::chrono::seconds(2);  // 201 tokens: only the 300 is longer.
  EXPECT_NEAR(veto_.peak_tokens({0}, nullptr, now_), 1300.0, 1.0);
}

TEST_F(PredictedPeakTest, TrustsTheLimitOfTheClient) {
  RequestSpec limited = request(9950);
  EXPECT_TRUE(veto_.forbids(limited, {0}, fleet_, now_));
  limited.output_tokens_max = 50;
  EXPECT_FALSE(veto_.forbids(limited, {0}, fleet_, now_));
}

TEST_F(PredictedPeakTest, ForgetsWhatHasEndedAndWhatHasLeft) {
  const RequestSpec gone = run(0, 9000);
  EXPECT_TRUE(forbids(0, 1000));
  tell().ended({.request = gone, .instance = {0}, .now = now_});
  EXPECT_FALSE(forbids(0, 1000));
  run(0, 9000);
  tell().instance_left({0});
  EXPECT_FALSE(forbids(0, 1000));
}

TEST_F(PredictedPeakTest, TakesTheMemoryOfTheInstanceWhereNoneIsGiven) {
  PredictedPeak own({.reserve = 0.1}, 42);  // A million tokens each.
  EXPECT_FALSE(own.forbids(request(899'999), {0}, fleet_, now_));
  EXPECT_TRUE(own.forbids(request(900'000), {0}, fleet_, now_));
}

}  // namespace
}  // namespace ringmaster
