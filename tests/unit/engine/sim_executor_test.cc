#include "engine/simulated/sim_executor.h"

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/simulated/step_time.h"

namespace ringmaster::engine {
namespace {

SimExecutorOptions small_device() {
  return {
      .model = {.name = "m", .vocabulary_size = 100, .context_tokens_max = 1000, .end_tokens = {0}},
      .block_tokens = 16,
      .block_count = 64,
      .profile = {.name = "t",
                  .prefill_seconds_per_token = 0.001,
                  .step_seconds = 0.01,
                  .step_seconds_per_sequence = 0.002,
                  .step_seconds_per_kv_token = 1e-5},
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

TEST(StepTime, AddsTheTermsOfALinearProfile) {
  const StepInput input = one_prefill_and_one_decode();
  EXPECT_EQ(step_time(small_device().profile, load_of(input)),
            from_seconds(0.01 + 0.02 + 0.002 + 0.005));
}

TEST(StepTime, HidesArithmeticUnderReadingTheWeights) {
  const InstanceProfile profile{.prefill_seconds_per_token = 0.0001,
                                .weights_seconds = 0.004,
                                .attention_seconds_per_pair = 0.00001};
  EXPECT_EQ(step_time(profile, load_of(one_prefill_and_one_decode())), from_seconds(0.004 + 0.002));
}

TEST(StepTime, ReadsALastTokenOfAPromptAsADecodedOne) {
  StepLoad load;
  load.add(1, 500);
  EXPECT_EQ(load.decoding_sequences, 1);
  EXPECT_EQ(load.kv_tokens, 500);
  EXPECT_EQ(load.prefill_tokens, 0);
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
