#include "engine/engine.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/support/prefix_executor.h"

namespace ringmaster::engine {
namespace {

TokenVector counting_prompt(std::int32_t count, TokenId first = 1) {
  TokenVector prompt;
  for (std::int32_t i = 0; i < count; ++i) prompt.push_back((first + i) % 900);
  return prompt;
}

GenerateRequest request_of(TokenVector prompt, std::int32_t output_tokens) {
  return {.prompt = std::move(prompt), .output_tokens_max = output_tokens};
}

struct Collected {
  TokenVector output;
  FinishReason finish = FinishReason::kNone;
  std::int32_t cached_tokens = -1;
};

// An engine over a PrefixExecutor, and what its requests have received.
struct Bench {
  PrefixExecutor device;
  Engine engine;
  std::map<RequestId, Collected> received;

  explicit Bench(std::int32_t blocks = 64, EngineOptions options = {},
                 std::int32_t block_tokens = 4, std::int32_t context = 4096)
      : device(blocks, block_tokens, context), engine(device, std::move(options)) {}

  RequestId submit(TokenVector prompt, std::int32_t output_tokens) {
    const auto id = engine.submit(request_of(std::move(prompt), output_tokens));
    EXPECT_TRUE(id.has_value()) << (id ? "" : id.error().message);
    return id.value_or(0);
  }

  StepResult step() {
    StepResult result;
    engine.begin_step();
    engine.end_step(result);
    collect(result);
    return result;
  }

  void collect(const StepResult& result) {
    for (const auto& event : result.admitted) {
      received[event.request].cached_tokens = event.cached_tokens;
    }
    for (const auto& event : result.outputs) {
      Collected& collected = received[event.request];
      EXPECT_EQ(collected.finish, FinishReason::kNone);
      if (event.has_token) {
        EXPECT_EQ(event.output_index, static_cast<std::int32_t>(collected.output.size()));
        collected.output.push_back(event.token.token);
      }
      collected.finish = event.finish;
    }
  }

  void run() {
    while (engine.has_work()) step();
  }
};

TEST(Engine, GeneratesWhatTheDeviceSaysUntilTheOutputLimit) {
  Bench bench;
  const RequestId id = bench.submit(counting_prompt(9), 5);
  bench.run();
  EXPECT_EQ(bench.received[id].output, PrefixExecutor::expected_output(counting_prompt(9), 5));
  EXPECT_EQ(bench.received[id].finish, FinishReason::kLength);
}

TEST(Engine, UsesThePrefixCacheButComputesTheLastTokenOfAPrompt) {
  Bench bench;
  const RequestId first = bench.submit(counting_prompt(12), 3);
  bench.run();
  const RequestId second = bench.submit(counting_prompt(12), 3);
  bench.run();
  EXPECT_EQ(bench.received[first].cached_tokens, 0);
  EXPECT_EQ(bench.received[second].cached_tokens, 8);  // Not 12: two blocks of the three.
  EXPECT_EQ(bench.received[second].output, bench.received[first].output);
  EXPECT_EQ(bench.engine.stats().cached_tokens, 8U);
  EXPECT_EQ(bench.engine.stats().prompt_tokens, 24U);
}

TEST(Engine, FindsTheOutputOfAnEarlierTurnInTheCache) {
  Bench bench;
  TokenVector turn = counting_prompt(8);
  const RequestId first = bench.submit(turn, 9);
  bench.run();
  const TokenVector& output = bench.received[first].output;
  turn.insert(turn.end(), output.begin(), output.end());
  turn.push_back(7);
  const RequestId second = bench.submit(turn, 1);
  bench.run();
  EXPECT_EQ(bench.received[second].cached_tokens, 16);
}

TEST(Engine, MatchesABlockOnlyAfterTheStepThatComputedIt) {
  Bench bench;
  const RequestId first = bench.submit(counting_prompt(12), 1);
  const RequestId second = bench.submit(counting_prompt(12), 1);
  bench.step();  // Both in one step: neither can have found anything.
  EXPECT_EQ(bench.received[first].cached_tokens, 0);
  EXPECT_EQ(bench.received[second].cached_tokens, 0);
  EXPECT_EQ(bench.received[first].output, bench.received[second].output);
}

TEST(Engine, ComputesEveryTokenWhenThePrefixCacheIsOff) {
  EngineOptions options;
  options.scheduler.uses_prefix_cache = false;
  Bench bench(64, options);
  bench.submit(counting_prompt(12), 2);
  bench.run();
  const RequestId second = bench.submit(counting_prompt(12), 2);
  bench.run();
  EXPECT_EQ(bench.received[second].cached_tokens, 0);
  EXPECT_EQ(bench.engine.kv_events().last_sequence(), 0U);
}

TEST(Engine, StopsAtAnEndTokenUnlessTheRequestIgnoresIt) {
  struct EndingExecutor final : Executor {
    ModelInfo info{.name = "m", .vocabulary_size = 10, .context_tokens_max = 64, .end_tokens = {3}};
    std::size_t rows = 0;
    const ModelInfo& model() const override { return info; }
    std::int32_t block_tokens() const override { return 4; }
    std::int32_t block_count() const override { return 16; }
    void submit(const StepInput& input) override { rows = input.sampling.size(); }
    Status wait(StepOutput& output) override {
      output.sampled.assign(rows, SampledToken{.token = 3});
      return {};
    }
  } device;
  Engine engine(device, {});
  ASSERT_TRUE(engine.submit({.prompt = {1}, .output_tokens_max = 4}));
  ASSERT_TRUE(engine.submit({.prompt = {1}, .output_tokens_max = 1, .ignores_end_tokens = true}));
  StepResult result;
  engine.begin_step();
  engine.end_step(result);
  ASSERT_EQ(result.outputs.size(), 2U);
  EXPECT_EQ(result.outputs[0].finish, FinishReason::kStop);
  EXPECT_EQ(result.outputs[1].finish, FinishReason::kLength);
  EXPECT_FALSE(engine.has_work());
}

TEST(Engine, EndsAnOutputThatFillsTheContext) {
  Bench bench(64, {}, 4, 20);
  const RequestId id = bench.submit(counting_prompt(15), 0);
  bench.run();
  EXPECT_EQ(bench.received[id].output.size(), 5U);
  EXPECT_EQ(bench.received[id].finish, FinishReason::kLength);
}

TEST(Engine, RefusesWhatCannotFitAndNamesTheFigures) {
  Bench bench(64, {}, 4, 20);
  const auto too_long = bench.engine.submit(request_of(counting_prompt(20), 1));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(too_long.error().message,
            "the prompt has 20 tokens: expected at most 19, since prompt and output together have "
            "room for 20 tokens");
  const auto too_much = bench.engine.submit(request_of(counting_prompt(15), 6));
  ASSERT_FALSE(too_much);
  EXPECT_EQ(too_much.error().message,
            "the output may have at most 5 tokens after a prompt of 15 (the context has 20), asked "
            "for 6");
  EXPECT_EQ(bench.engine.submit(request_of({}, 1)).error().message,
            "the prompt is empty: expected at least one token");
  EXPECT_EQ(bench.engine.submit(request_of({5, 1000}, 1)).error().message,
            "prompt token 1 is 1000: expected 0 to 999");
}

TEST(Engine, LimitsTheContextToWhatThePoolHolds) {
  Bench bench(4, {}, 4, 4096);
  EXPECT_EQ(bench.engine.context_tokens_max(), 16);
}

TEST(Engine, RefusesMoreThanTheQueueHolds) {
  Bench bench(64, {.waiting_max = 2});
  bench.submit(counting_prompt(4), 1);
  bench.submit(counting_prompt(4), 1);
  const auto third = bench.engine.submit(request_of(counting_prompt(4), 1));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kOverloaded);
  EXPECT_TRUE(third.error().retryable);
}

TEST(Engine, FreesTheBlocksOfAnAbortedRequestAtOnce) {
  Bench bench;
  const RequestId id = bench.submit(counting_prompt(30), 100);
  bench.step();
  EXPECT_EQ(bench.engine.stats().running, 1);
  EXPECT_TRUE(bench.engine.abort(id));
  EXPECT_FALSE(bench.engine.abort(id));
  EXPECT_FALSE(bench.engine.has_work());
  EXPECT_EQ(bench.engine.stats().held_blocks, 0);
}

TEST(Engine, EndsAnAbortedRequestWhenItsStepRetires) {
  Bench bench;
  const RequestId aborted = bench.submit(counting_prompt(8), 10);
  const RequestId other = bench.submit(counting_prompt(8, 50), 2);
  bench.engine.begin_step();
  EXPECT_TRUE(bench.engine.abort(aborted));
  EXPECT_EQ(bench.engine.stats().running, 2);
  StepResult result;
  bench.engine.end_step(result);
  bench.collect(result);
  EXPECT_EQ(bench.engine.stats().running, 1);
  bench.run();
  EXPECT_TRUE(bench.received[aborted].output.empty());
  EXPECT_EQ(bench.received[other].output,
            PrefixExecutor::expected_output(counting_prompt(8, 50), 2));
}

TEST(Engine, FailsEverySequenceOfAFailedStepAndServesTheNext) {
  Bench bench;
  const RequestId first = bench.submit(counting_prompt(8), 4);
  bench.device.fails_next = true;
  const StepResult result = bench.step();
  ASSERT_EQ(result.outputs.size(), 1U);
  EXPECT_EQ(result.outputs[0].finish, FinishReason::kError);
  EXPECT_EQ(result.error, "device lost");
  EXPECT_FALSE(bench.engine.has_work());
  EXPECT_EQ(bench.engine.stats().indexed_blocks, 0);
  const RequestId second = bench.submit(counting_prompt(8), 4);
  bench.run();
  EXPECT_EQ(bench.received[first].output.size(), 0U);
  EXPECT_EQ(bench.received[second].output, PrefixExecutor::expected_output(counting_prompt(8), 4));
}

TEST(Engine, PacksDecodingSequencesFirst) {
  Bench bench;
  bench.submit(counting_prompt(5), 8);
  bench.step();
  bench.submit(counting_prompt(6, 40), 8);
  bench.step();
  const StepInput& input = bench.device.steps.back();
  ASSERT_EQ(input.sequences.size(), 2U);
  EXPECT_EQ(input.decode_sequences, 1);
  EXPECT_EQ(input.sequences[0].query_tokens, 1);
  EXPECT_EQ(input.sequences[0].context_tokens, 6);
  EXPECT_EQ(input.sequences[1].query_tokens, 6);
  EXPECT_EQ(input.positions, (std::vector<std::int32_t>{5, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(input.sampling[0].output_index, 1);
}

TEST(Engine, SaysNothingOfTheStepBeforeInTheSameResult) {
  Bench bench;
  bench.submit(counting_prompt(8), 2);
  StepResult result;
  bench.engine.begin_step();
  bench.engine.end_step(result);
  EXPECT_EQ(result.admitted.size(), 1U);
  EXPECT_EQ(result.prefill_tokens, 8);
  EXPECT_TRUE(result.has_kv_events);
  bench.engine.begin_step();
  bench.engine.end_step(result);
  EXPECT_TRUE(result.admitted.empty());
  EXPECT_EQ(result.outputs.size(), 1U);
  EXPECT_EQ(result.prefill_tokens, 0);
  EXPECT_EQ(result.decode_tokens, 1);
  EXPECT_FALSE(result.has_kv_events);
}

TEST(Engine, TellsItsKvEventsInStepOrder) {
  Bench bench;
  bench.submit(counting_prompt(9), 1);
  EXPECT_TRUE(bench.step().has_kv_events);
  const PrefixChain chain = chain_tokens(chain_seed({.model = "m"}), counting_prompt(9), 4);
  const auto& events = bench.engine.kv_events().last().events;
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].type, KvEvent::Type::kStored);
  EXPECT_EQ(events[0].blocks, chain);
}

// Whatever the limits, the order of arrival, aborts and preemptions: each output is that of the
// request alone, limits hold in every step, and the pool is free in the end.
struct Shape {
  std::int32_t blocks;
  std::int32_t block_tokens;
  std::int32_t step_tokens;
  std::int32_t chunk;
  std::int32_t seats;
  std::uint64_t seed;
};

class EngineProperties : public ::testing::TestWithParam<Shape> {};

void check_step(const StepInput& input, const Shape& shape) {
  ASSERT_FALSE(input.sequences.empty());
  ASSERT_LE(input.tokens.size(), static_cast<std::size_t>(shape.step_tokens));
  ASSERT_LE(input.sequences.size(), static_cast<std::size_t>(shape.seats));
  std::set<std::int32_t> slots;
  for (const StepSequence& sequence : input.sequences) {
    ASSERT_TRUE(slots.insert(sequence.slot).second);
    ASSERT_GE(sequence.slot, 0);
    ASSERT_LT(sequence.slot, shape.seats);
    ASSERT_TRUE(shape.chunk == 0 || sequence.query_tokens <= shape.chunk);
    ASSERT_GE(sequence.block_count * shape.block_tokens, sequence.context_tokens);
  }
}

TEST_P(EngineProperties, OutputsDoNotDependOnWhatElseRuns) {
  const Shape shape = GetParam();
  EngineOptions options;
  options.scheduler = {.step_tokens_max = shape.step_tokens,
                       .sequences_max = shape.seats,
                       .prefill_chunk_tokens = shape.chunk,
                       .overtakes_max = 3};
  Bench bench(shape.blocks, options, shape.block_tokens);
  Random random(shape.seed);
  std::map<RequestId, GenerateRequest> requests;
  std::set<RequestId> aborted;
  const auto room = static_cast<std::uint64_t>(bench.engine.context_tokens_max());
  for (int i = 0; i < 300 || bench.engine.has_work(); ++i) {
    ASSERT_LT(i, 100'000) << "no progress";
    if (i < 300 && random.below(2) == 0) {
      const auto length = static_cast<std::int32_t>(1 + random.below(room * 2 / 3));
      const auto output = static_cast<std::int32_t>(1 + random.below(room / 3));
      GenerateRequest request =
          request_of(counting_prompt(length, static_cast<TokenId>(random.below(3) * 100)), output);
      request.priority = static_cast<std::int32_t>(random.below(3));
      const auto id = bench.engine.submit(request);
      ASSERT_TRUE(id) << id.error().message;
      requests[*id] = request;
    }
    if (!bench.engine.has_work()) continue;
    bench.engine.begin_step();
    if (!requests.empty() && random.below(8) == 0) {
      const RequestId victim = 1 + random.below(requests.size());
      if (bench.engine.abort(victim)) aborted.insert(victim);
    }
    StepResult result;
    bench.engine.end_step(result);
    bench.collect(result);
    ASSERT_NO_FATAL_FAILURE(check_step(bench.device.steps.back(), shape));
    bench.device.steps.clear();
  }
  for (const auto& [id, request] : requests) {
    if (aborted.contains(id)) continue;
    EXPECT_EQ(bench.received[id].output,
              PrefixExecutor::expected_output(request.prompt, request.output_tokens_max))
        << "seed=" << shape.seed << " request " << id;
  }
  EXPECT_EQ(bench.engine.stats().held_blocks, 0);
  EXPECT_EQ(bench.engine.stats().queued_prefill_tokens, 0);
  EXPECT_TRUE(shape.seed != 4 || bench.engine.stats().preemptions > 0);  // The tight one.
}

INSTANTIATE_TEST_SUITE_P(Shapes, EngineProperties,
                         ::testing::Values(Shape{40, 4, 32, 0, 8, 1}, Shape{40, 4, 32, 1, 8, 2},
                                           Shape{40, 4, 3, 0, 8, 3}, Shape{12, 4, 64, 7, 16, 4},
                                           Shape{12, 4, 1, 0, 4, 5}, Shape{100, 1, 50, 0, 8, 6},
                                           Shape{9, 16, 512, 0, 64, 7},
                                           Shape{200, 4, 256, 16, 32, 8}));

/// Serves one request after the other.
void serve_alone(Engine& engine, const TokenVector& prompt, StepResult& result) {
  ASSERT_TRUE(engine.submit({.prompt = prompt, .output_tokens_max = 1}));
  while (engine.has_work()) {
    engine.begin_step();
    engine.end_step(result);
  }
}

TEST(EngineWithHostTier, TakesEvictedPrefixesBackFromTheHost) {
  PrefixExecutor device(4, 4, 4096, 8);
  Engine engine(device, {});
  StepResult result;
  const TokenVector first{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const TokenVector other{11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};
  serve_alone(engine, first, result);
  serve_alone(engine, other, result);  // Needs all four blocks.
  EXPECT_EQ(engine.stats().host_saved_blocks, 2U);
  serve_alone(engine, first, result);
  ASSERT_EQ(result.admitted.size(), 1U);
  EXPECT_EQ(result.admitted[0].cached_tokens, 8);
  EXPECT_EQ(engine.stats().host_loaded_blocks, 2U);
  ASSERT_EQ(result.outputs.size(), 1U);
  EXPECT_EQ(result.outputs[0].token.token, PrefixExecutor::expected_output(first, 1)[0]);
}

TEST(EngineWithHostTier, ForgetsItsCacheWhenAStepFailsThatWasToCopy) {
  PrefixExecutor device(4, 4, 4096, 8);
  Engine engine(device, {});
  StepResult result;
  const TokenVector first{1, 2, 3, 4, 5, 6, 7, 8, 9};
  serve_alone(engine, first, result);
  device.fails_next = true;
  serve_alone(engine, {11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}, result);
  EXPECT_EQ(result.outputs.at(0).finish, FinishReason::kError);
  EXPECT_EQ(engine.stats().indexed_blocks, 0);
  EXPECT_EQ(engine.stats().host_indexed_blocks, 0);
  serve_alone(engine, first, result);
  EXPECT_EQ(result.admitted.at(0).cached_tokens, 0);
  EXPECT_EQ(result.outputs.at(0).token.token, PrefixExecutor::expected_output(first, 1)[0]);
}

}  // namespace
}  // namespace ringmaster::engine
