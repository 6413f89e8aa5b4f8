// Steps that are begun before the tokens of the one before are known.

#include <map>

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/engine.h"
#include "tests/support/ahead_executor.h"

namespace ringmaster::engine {
namespace {

TokenVector random_prompt(Random& random, std::int32_t length) {
  TokenVector prompt;
  for (std::int32_t i = 0; i < length; ++i) prompt.push_back(static_cast<TokenId>(random.below(6)));
  return prompt;
}

/// One turn of a loop that keeps a step ahead where it can.
void turn(Engine& engine, StepResult& result) {
  if (engine.steps_in_flight() == 0) engine.begin_step();
  engine.begin_step_ahead();
  engine.end_step(result);
}

TEST(EngineAhead, SubmitsADecodeStepBeforeTheTokensOfTheLastAreKnown) {
  AheadExecutor device(64, 4);
  Engine engine(device, {});
  ASSERT_TRUE(
      engine.submit({.prompt = {1, 2, 3}, .output_tokens_max = 9, .ignores_end_tokens = true}));
  StepResult result;
  TokenVector output;
  while (engine.has_work()) {
    turn(engine, result);
    for (const OutputEvent& event : result.outputs) output.push_back(event.token.token);
  }
  EXPECT_EQ(output, PrefixExecutor::expected_output({1, 2, 3}, 9));
  EXPECT_EQ(device.ahead, 8);  // All but the first.
  EXPECT_EQ(device.device().steps.size(), 9U);
}

TEST(EngineAhead, WaitsWhereTheNextStepDependsOnMoreThanTheTokens) {
  AheadExecutor device(64, 4);
  Engine engine(device, {.scheduler = {.step_tokens_max = 4}});
  const auto first = engine.submit(
      {.prompt = {1, 2, 3, 4, 5, 6}, .output_tokens_max = 9, .ignores_end_tokens = true});
  ASSERT_TRUE(first);
  StepResult result;
  engine.begin_step();
  EXPECT_FALSE(engine.begin_step_ahead());  // In prefill.
  engine.end_step(result);
  engine.begin_step();
  EXPECT_TRUE(engine.begin_step_ahead());
  EXPECT_FALSE(engine.begin_step_ahead());  // Two are in flight.
  ASSERT_TRUE(engine.submit({.prompt = {7}, .output_tokens_max = 2, .ignores_end_tokens = true}));
  engine.end_step(result);
  EXPECT_FALSE(engine.begin_step_ahead());  // A request waits.
  engine.end_step(result);
  engine.begin_step();
  engine.abort(*first);
  EXPECT_FALSE(engine.begin_step_ahead());  // Aborted.
  engine.end_step(result);
  engine.begin_step();
  EXPECT_FALSE(engine.begin_step_ahead());  // The other one's last token.
  engine.end_step(result);
  EXPECT_FALSE(engine.has_work());
}

TEST(EngineAhead, FailsTheRequestsOfAFailedStepOnceAndDropsTheStepBehindIt) {
  AheadExecutor device(64, 4);
  Engine engine(device, {});
  ASSERT_TRUE(engine.submit({.prompt = {1}, .output_tokens_max = 9, .ignores_end_tokens = true}));
  StepResult result;
  device.device().fails_next = true;
  engine.begin_step();
  EXPECT_TRUE(engine.begin_step_ahead());
  engine.end_step(result);
  ASSERT_EQ(result.outputs.size(), 1U);
  EXPECT_EQ(result.outputs[0].finish, FinishReason::kError);
  EXPECT_TRUE(engine.has_work());
  engine.end_step(result);
  EXPECT_TRUE(result.outputs.empty());
  EXPECT_FALSE(engine.has_work());
  EXPECT_EQ(engine.stats().held_blocks, 0);
}

class EngineAheadProperties : public testing::TestWithParam<std::uint64_t> {};

// Requests come at any time, few blocks, shared prefixes, end tokens, aborts: every output is the
// one that a device alone with the request would give, and no block is lost.
TEST_P(EngineAheadProperties, OutputsAreTheSame) {
  Random random(GetParam());
  const bool has_host_tier = GetParam() % 2 == 0;
  AheadExecutor device(24, 4, has_host_tier ? 60 : 0);
  Engine engine(device, {.scheduler = {.step_tokens_max = 12, .sequences_max = 5}});
  struct Expected {
    TokenVector output;
    TokenVector received;
    bool is_aborted = false;
    bool is_ended = false;
  };
  std::map<RequestId, Expected> requests;
  StepResult result;
  for (int i = 0; i < 600; ++i) {
    if (i < 500 && random.below(4) == 0) {
      auto prompt = random_prompt(random, 1 + static_cast<std::int32_t>(random.below(20)));
      const auto limit = 1 + static_cast<std::int32_t>(random.below(30));
      const auto expected = device.expected(prompt, limit);
      const auto id = engine.submit({.prompt = std::move(prompt), .output_tokens_max = limit});
      ASSERT_TRUE(id);
      requests[*id].output = expected;
    }
    if (random.below(15) == 0 && !requests.empty()) {
      const RequestId id = 1 + random.below(requests.size());
      if (engine.abort(id)) requests.at(id).is_aborted = true;
    }
    if (!engine.has_work()) continue;
    turn(engine, result);
    for (const OutputEvent& event : result.outputs) {
      Expected& request = requests.at(event.request);
      ASSERT_FALSE(request.is_ended || request.is_aborted);
      request.received.push_back(event.token.token);
      request.is_ended = event.finish != FinishReason::kNone;
    }
  }
  while (engine.has_work()) {
    turn(engine, result);
    for (const OutputEvent& event : result.outputs) {
      requests.at(event.request).received.push_back(event.token.token);
    }
  }
  for (const auto& [id, request] : requests) {
    if (request.is_aborted) continue;
    EXPECT_EQ(request.received, request.output) << "request " << id;
  }
  EXPECT_EQ(engine.stats().held_blocks, 0);
  EXPECT_GT(device.ahead, 50);
  if (has_host_tier) {
    EXPECT_GT(engine.stats().host_loaded_blocks, 10U);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineAheadProperties, testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace ringmaster::engine
