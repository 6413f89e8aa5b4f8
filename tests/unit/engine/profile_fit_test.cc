#include "engine/simulated/profile_fit.h"

#include <string>

#include <gtest/gtest.h>

#include "engine/simulated/profile_json.h"

namespace ringmaster::engine {
namespace {

constexpr std::string_view kHead =
    "# device Card\n# device_kv_tokens 500000\n# context_tokens_max 32768\n"
    "prefill_tokens,decode_sequences,kv_tokens,pairs,seconds\n";

/// A grid of steps under known constants, each off by up to `noise` of itself.
MeasuredSteps grid(const InstanceProfile& truth, double noise) {
  MeasuredSteps measured{
      .device = "Card", .device_kv_tokens = 500'000, .context_tokens_max = 32'768};
  int n = 0;
  for (const double batch : {0, 1, 4, 16, 64, 128, 256}) {
    for (const double context : {128, 1024, 4096}) {
      for (const double chunk : {0, 128, 512, 2048, 8000}) {
        if (batch + chunk == 0) continue;
        StepLoad load;
        for (int s = 0; s < batch; ++s) load.add(1, context);
        if (chunk > 0) load.add(chunk, chunk + context);
        const double factor = 1.0 + noise * ((n++ * 7919 % 201) / 100.0 - 1.0);
        measured.steps.push_back({load, to_seconds(step_time(truth, load)) * factor});
      }
    }
  }
  return measured;
}

const InstanceProfile kTruth{.prefill_seconds_per_token = 2e-5,
                             .step_seconds = 4e-4,
                             .step_seconds_per_sequence = 2e-6,
                             .step_seconds_per_kv_token = 1.5e-8,
                             .weights_seconds = 3.5e-3,
                             .decode_seconds_per_token = 2e-5,
                             .attention_seconds_per_pair = 1e-9};

TEST(ProfileFit, FindsTheConstantsThatTheStepsWereMadeWith) {
  const auto profile = fit_profile(grid(kTruth, 0.0), {.name = "m@card"});
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_NEAR(profile->prefill_seconds_per_token, 2e-5, 2e-7);
  EXPECT_NEAR(profile->weights_seconds, 3.5e-3, 5e-5);
  EXPECT_NEAR(profile->step_seconds, 4e-4, 5e-5);
  EXPECT_NEAR(profile->step_seconds_per_kv_token, 1.5e-8, 2e-10);
  EXPECT_NEAR(profile->attention_seconds_per_pair, 1e-9, 2e-11);
  EXPECT_LT(profile->fit->error_max, 0.01);
}

TEST(ProfileFit, StatesTheErrorsOfStepsItHasNotSeen) {
  const auto profile = fit_profile(grid(kTruth, 0.05), {.name = "m@card", .date = "2026-01-31"});
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->fit->fitted_steps + profile->fit->held_out_steps, 102U);
  EXPECT_EQ(profile->fit->held_out_steps, 25U);
  EXPECT_GT(profile->fit->error_mean, 0.01);
  EXPECT_LT(profile->fit->error_mean, 0.05);
  EXPECT_LE(profile->fit->error_mean, profile->fit->error_p90);
  EXPECT_LE(profile->fit->error_p90, profile->fit->error_max);
  EXPECT_LT(profile->fit->error_max, 0.09);
}

TEST(ProfileFit, WritesAProfileThatCanBeReadAgain) {
  const auto profile =
      fit_profile(grid(kTruth, 0.02), {.name = "m@card", .date = "2026-01-31", .command = "x"});
  ASSERT_TRUE(profile);
  const auto read = parse_profile(to_json(*profile), "p.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "m@card");
  EXPECT_EQ(read->fit->device, "Card");
}

TEST(ProfileFit, RefusesTooFewSteps) {
  MeasuredSteps few = grid(kTruth, 0.0);
  few.steps.resize(15);
  const auto profile = fit_profile(few, {});
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().message,
            "expected at least 16 steps, some with and some without prefill, found 15, 14 of them "
            "with");
}

TEST(MeasuredSteps, AreReadFromLinesOfNumbers) {
  const auto steps = parse_measured_steps(std::string(kHead) + "128,4,4096,8192,0.0125\n", "s.csv");
  ASSERT_TRUE(steps) << steps.error().message;
  EXPECT_EQ(steps->device, "Card");
  EXPECT_EQ(steps->device_kv_tokens, 500'000U);
  ASSERT_EQ(steps->steps.size(), 1U);
  EXPECT_EQ(steps->steps[0].load.prefill_tokens, 128);
  EXPECT_EQ(steps->steps[0].load.kv_tokens, 4096);
  EXPECT_EQ(steps->steps[0].seconds, 0.0125);
}

TEST(MeasuredSteps, NameTheLineThatIsWrong) {
  const auto problem = [](const std::string& text) {
    const auto steps = parse_measured_steps(text, "s.csv");
    return steps ? "none" : steps.error().message;
  };
  const std::string numbers = "s.csv:5: expected five numbers, none negative, seconds above 0";
  EXPECT_EQ(problem(std::string(kHead) + "1,2,3,4\n"), numbers);
  EXPECT_EQ(problem(std::string(kHead) + "1,2,3,4,0\n"), numbers);
  EXPECT_EQ(problem(std::string(kHead) + "1,2,x,4,1\n"), numbers);
  EXPECT_EQ(problem(std::string(kHead) + "1,2,3,4,5,6\n"), numbers);
  EXPECT_EQ(problem("a,b\n"),
            "s.csv:1: expected prefill_tokens,decode_sequences,kv_tokens,pairs,seconds");
  EXPECT_EQ(problem("# color red\n"),
            "s.csv:1: expected # device NAME, # device_kv_tokens N or # context_tokens_max N");
  EXPECT_EQ(problem(""),
            "s.csv:1: expected lines # device, # device_kv_tokens and # context_tokens_max");
}

}  // namespace
}  // namespace ringmaster::engine
