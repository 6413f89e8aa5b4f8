#include "engine/simulated/sim_executor.h"

#include <gtest/gtest.h>

#include "engine/engine.h"

namespace ringmaster::engine {
namespace {

SimExecutorOptions small_device() {
  return {
      .model = {.name = "m", .vocabulary_size = 100, .context_tokens_max = 1000, .end_tokens = {0}},
      .block_tokens = 16,
      .block_count = 64,
      .time = {.name = "t", .base = 0.01, .prefill = 0.001, .sequence = 0.002, .context = 1e-5},
      .seed = 7};
}

StepInput one_prefill_and_one_decode() {
  StepInput input;
  input.sequences.push_back({.query_tokens = 1, .context_tokens = 500, .sample_row = 0});
  input.sequences.push_back({.query_tokens = 20, .context_tokens = 20});
  input.sampling.push_back({.options = {.seed = 3}, .output_index = 5});
  input.decode_sequences = 1;
  return input;
}

TEST(StepTimeModel, AddsTheTermsOfALinearProfile) {
  const StepInput input = one_prefill_and_one_decode();
  EXPECT_EQ(step_time(small_device().time, input), from_seconds(0.01 + 0.02 + 0.002 + 0.005));
}

TEST(StepTimeModel, HidesArithmeticUnderReadingTheWeights) {
  const StepTimeModel model{.weights = 0.004, .prefill = 0.0001, .attention = 0.00001};
  EXPECT_EQ(step_time(model, one_prefill_and_one_decode()), from_seconds(0.004 + 0.002));
}

TEST(StepTimeModel, KnowsTheSimulatorsProfilesByName) {
  ASSERT_TRUE(find_step_time_profile("qwen2.5-7b@910b4"));
  EXPECT_EQ(find_step_time_profile("qwen2.5-7b@910b4")->prefill, 0.00016);
  const auto unknown = find_step_time_profile("x");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message.substr(0, 65),
            "unknown profile 'x': expected one of qwen2.5-7b@910b4, qwen2.5-14");
}

TEST(SimExecutor, DrawsTheSameTokenForTheSameSeedAndIndex) {
  SimExecutor a(small_device(), nullptr);
  SimExecutor b(small_device(), nullptr);
  StepOutput from_a;
  StepOutput from_b;
  const StepInput input = one_prefill_and_one_decode();
  a.submit(input);
  ASSERT_TRUE(a.wait(from_a));
  b.submit(input);
  ASSERT_TRUE(b.wait(from_b));
  EXPECT_EQ(from_a.sampled.at(0).token, from_b.sampled.at(0).token);
}

TEST(SimExecutor, NeverDrawsAnEndToken) {
  SimExecutorOptions options = small_device();
  options.output_tokens = {0, 42};
  SimExecutor device(options, nullptr);
  StepOutput output;
  const StepInput input = one_prefill_and_one_decode();
  device.submit(input);
  ASSERT_TRUE(device.wait(output));
  EXPECT_EQ(output.sampled.at(0).token, 42);
}

TEST(SimExecutor, LetsTheModelledTimePass) {
  struct RecordingWaiter final : StepWaiter {
    Duration waited{};
    void begin() override {}
    void wait(Duration duration) override { waited += duration; }
  } waiter;
  SimExecutor device(small_device(), &waiter);
  Engine engine(device, {});
  ASSERT_TRUE(engine.submit({.prompt = TokenVector(10, 1), .output_tokens_max = 2}));
  StepResult result;
  while (engine.has_work()) {
    engine.begin_step();
    engine.end_step(result);
  }
  // Ten prompt tokens in the first step; one sequence with eleven tokens of context in the second.
  EXPECT_EQ(waiter.waited, from_seconds(0.02) + from_seconds(0.012 + 0.00011));
}

}  // namespace
}  // namespace ringmaster::engine
