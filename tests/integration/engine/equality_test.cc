// The promise of the CPU device: what a request gets is a function of the request alone. Every case
// serves the same requests under other circumstances and compares tokens and log-probabilities bit
// by bit with those of each request served alone, in one chunk, without the prefix cache.

#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/cpu/cpu_executor.h"
#include "engine/engine.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

constexpr std::size_t kRequests = 14;

/// Everything a client could see of one output token.
struct SeenToken {
  TokenId token = 0;
  std::uint32_t logprob_bits = 0;
  std::vector<std::pair<TokenId, std::uint32_t>> best;
  bool operator==(const SeenToken&) const = default;
};

using Output = std::vector<SeenToken>;

struct Circumstances {
  StepSchedulerOptions scheduler;
  CpuOptions cpu{.block_count = 512, .threads = 1};
  std::int32_t arrive_every_steps = 0;  ///< 0: all before the first step.
  std::int32_t neighbours = 0;          ///< Further requests, aborted after some steps.
  int rounds = 1;                       ///< How often the requests come; the last round counts.
};

struct Served {
  std::vector<Output> outputs = std::vector<Output>(kRequests);
  EngineStats stats;
};

TokenVector random_tokens(Random& random, std::size_t count) {
  TokenVector tokens;
  for (std::size_t i = 0; i < count; ++i) tokens.push_back(static_cast<TokenId>(random.below(496)));
  return tokens;
}

/// Prompts of 1 to 200 tokens; every other one starts with the same 70, two are equal. Half are
/// greedy.
std::vector<GenerateRequest> requests() {
  Random random(7);
  const TokenVector shared = random_tokens(random, 70);
  std::vector<GenerateRequest> list;
  for (const std::size_t length :
       {1U, 15U, 16U, 17U, 33U, 64U, 65U, 90U, 90U, 7U, 128U, 130U, 40U}) {
    GenerateRequest request;
    if (list.size() % 2 == 1) request.prompt = shared;
    const TokenVector own = random_tokens(random, length);
    request.prompt.insert(request.prompt.end(), own.begin(), own.end());
    request.sampling = {.temperature = list.size() % 4 < 2 ? 0.0F : 0.9F,
                        .top_k = list.size() % 3 == 0 ? 40 : 0,
                        .top_p = list.size() % 5 == 0 ? 0.9F : 1.0F,
                        .seed = list.size(),
                        .logprobs = 3};
    request.output_tokens_max = 20 + static_cast<std::int32_t>(list.size());
    request.ignores_end_tokens = true;
    list.push_back(std::move(request));
  }
  list.push_back(list[3]);
  return list;
}

SeenToken seen(const SampledToken& sampled) {
  SeenToken token{.token = sampled.token,
                  .logprob_bits = std::bit_cast<std::uint32_t>(sampled.logprob)};
  for (const TokenLogprob& best : sampled.best) {
    token.best.emplace_back(best.token, std::bit_cast<std::uint32_t>(best.logprob));
  }
  return token;
}

class Equality : public testing::TestWithParam<TinyShape> {
 protected:
  void SetUp() override {
    model_ = load_tiny_model({.shape = GetParam()});
    for (std::size_t i = 0; i < kRequests; ++i) {
      const auto executor = make_executor({.block_count = 512, .threads = 1});
      Engine engine(*executor, {.scheduler = {.uses_prefix_cache = false}});
      std::map<RequestId, std::size_t> ids{{*engine.submit(requests()[i]), i}};
      while (engine.has_work()) step(engine, ids, alone_.outputs);
    }
  }

  [[nodiscard]] std::unique_ptr<Executor> make_executor(const CpuOptions& options) const {
    return std::move(make_cpu_executor(model_, options)).value();
  }

  static void step(Engine& engine, const std::map<RequestId, std::size_t>& ids,
                   std::vector<Output>& outputs) {
    StepResult result;
    engine.begin_step();
    engine.end_step(result);
    for (const OutputEvent& event : result.outputs) {
      ASSERT_EQ(event.error, "");
      if (const auto id = ids.find(event.request); id != ids.end())
        outputs[id->second].push_back(seen(event.token));
    }
  }

  [[nodiscard]] Served serve(const Circumstances& circumstances) const {
    const auto executor = make_executor(circumstances.cpu);
    Engine engine(*executor, {.scheduler = circumstances.scheduler});
    Served served;
    for (int round = 0; round < circumstances.rounds; ++round) {
      served.outputs = std::vector<Output>(kRequests);
      serve_round(engine, circumstances, served.outputs);
    }
    served.stats = engine.stats();
    return served;
  }

  static void serve_round(Engine& engine, const Circumstances& circumstances,
                          std::vector<Output>& outputs) {
    const auto list = requests();
    std::map<RequestId, std::size_t> ids;
    std::vector<RequestId> neighbours;
    Random random(11);
    std::size_t next = 0;
    for (std::int64_t steps = 0; next < list.size() || engine.has_work(); ++steps) {
      const bool all_at_once = circumstances.arrive_every_steps == 0;
      while (next < list.size() && (all_at_once || steps >= circumstances.arrive_every_steps *
                                                                static_cast<std::int64_t>(next))) {
        ids.emplace(*engine.submit(list[next]), next);
        ++next;
        for (std::int32_t i = 0; i < circumstances.neighbours; ++i) {
          neighbours.push_back(
              *engine.submit({.prompt = random_tokens(random, 10 + random.below(90)),
                              .sampling = {.seed = random.next()}}));
        }
      }
      if (!neighbours.empty() && random.below(2) == 0) {
        engine.abort(neighbours.back());
        neighbours.pop_back();
      }
      if (engine.has_work()) step(engine, ids, outputs);
      if (next == list.size() && ids_done(outputs, list)) {
        for (const RequestId id : neighbours) engine.abort(id);
        neighbours.clear();
      }
    }
  }

  static bool ids_done(const std::vector<Output>& outputs,
                       const std::vector<GenerateRequest>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (static_cast<std::int32_t>(outputs[i].size()) < list[i].output_tokens_max) return false;
    }
    return true;
  }

  void expect_same(const Served& served) const {
    for (std::size_t i = 0; i < kRequests; ++i) {
      EXPECT_EQ(alone_.outputs[i].size(),
                static_cast<std::size_t>(requests()[i].output_tokens_max));
      EXPECT_TRUE(served.outputs[i] == alone_.outputs[i]) << "request " << i;
    }
  }

  std::shared_ptr<const LoadedModel> model_;
  Served alone_;
};

TEST_P(Equality, HoldsInABatch) {
  expect_same(serve({.scheduler = {.uses_prefix_cache = false}}));
}

TEST_P(Equality, HoldsWhenRequestsJoinARunningBatch) {
  expect_same(serve({.scheduler = {.uses_prefix_cache = false}, .arrive_every_steps = 3}));
}

TEST_P(Equality, HoldsWithThePrefixCache) {
  const Served served = serve({.arrive_every_steps = 4});
  EXPECT_GT(served.stats.cached_tokens, 300U);
  expect_same(served);
}

TEST_P(Equality, HoldsWhenEveryPromptIsCached) {
  const Served served = serve({.rounds = 2});
  EXPECT_GT(served.stats.cached_tokens, 1000U);
  expect_same(served);
}

TEST_P(Equality, HoldsInChunksOfOneToken) {
  expect_same(serve({.scheduler = {.prefill_chunk_tokens = 1, .uses_prefix_cache = false}}));
}

TEST_P(Equality, HoldsInChunksOfSevenTokens) {
  expect_same(serve({.scheduler = {.prefill_chunk_tokens = 7}}));
}

TEST_P(Equality, HoldsInChunksOfSixteenTokens) {
  expect_same(serve({.scheduler = {.prefill_chunk_tokens = 16}}));
}

TEST_P(Equality, HoldsInChunksOfSixtyFourTokens) {
  expect_same(serve({.scheduler = {.prefill_chunk_tokens = 64}}));
}

TEST_P(Equality, HoldsWhenTheBudgetCutsChunksAnywhere) {
  expect_same(serve({.scheduler = {.step_tokens_max = 45}, .arrive_every_steps = 2}));
}

// Pools of different sizes run out at different steps, so sequences lose their blocks in prefill
// and in decode, early and late.
TEST_P(Equality, HoldsThroughPreemption) {
  std::uint64_t preemptions = 0;
  for (const std::int32_t blocks : {60, 65, 71, 80, 97, 130}) {
    const Served served = serve({.scheduler = {.watermark = 0.0},
                                 .cpu = {.block_tokens = 4, .block_count = blocks, .threads = 1},
                                 .arrive_every_steps = blocks % 3});
    preemptions += served.stats.preemptions;
    expect_same(served);
  }
  EXPECT_GT(preemptions, 20U);
}

TEST_P(Equality, HoldsThroughPreemptionWithoutThePrefixCache) {
  std::uint64_t preemptions = 0;
  for (const std::int32_t blocks : {60, 64, 68, 72, 76, 84, 90, 97, 105, 120}) {
    const Served served = serve(
        {.scheduler = {.prefill_chunk_tokens = 13, .watermark = 0.0, .uses_prefix_cache = false},
         .cpu = {.block_tokens = 4, .block_count = blocks, .threads = 1}});
    preemptions += served.stats.preemptions;
    expect_same(served);
  }
  EXPECT_GT(preemptions, 20U);
}

// Small pools evict all the time, so that most prefixes come back from the host; tiers of other
// sizes lose some of it.
TEST_P(Equality, HoldsWithAHostTier) {
  std::uint64_t loaded = 0;
  for (const std::int32_t host_blocks : {8, 40, 1000}) {
    const Served served = serve({.scheduler = {.watermark = 0.0},
                                 .cpu = {.block_tokens = 4,
                                         .block_count = 97,
                                         .host_block_count = host_blocks,
                                         .threads = 1},
                                 .arrive_every_steps = 2,
                                 .rounds = 2});
    loaded += served.stats.host_loaded_blocks;
    expect_same(served);
  }
  EXPECT_GT(loaded, 150U);
}

TEST_P(Equality, HoldsWhenNeighboursAreAborted) {
  expect_same(
      serve({.cpu = {.block_count = 300, .threads = 1}, .arrive_every_steps = 2, .neighbours = 2}));
}

TEST_P(Equality, HoldsWithBlocksOfFiveTokens) {
  expect_same(serve(
      {.cpu = {.block_tokens = 5, .block_count = 900, .threads = 1}, .arrive_every_steps = 2}));
}

TEST_P(Equality, HoldsWithBlocksOf128Tokens) {
  expect_same(serve(
      {.cpu = {.block_tokens = 128, .block_count = 64, .threads = 1}, .arrive_every_steps = 2}));
}

TEST_P(Equality, HoldsForAnyNumberOfThreads) {
  expect_same(serve({.cpu = {.block_count = 512, .threads = 3}}));
}

std::string shape_label(const testing::TestParamInfo<TinyShape>& info) {
  switch (info.param) {
    case TinyShape::kTinyLlama:
      return "Llama";
    case TinyShape::kTinyQwen2:
      return "Qwen2";
    case TinyShape::kTinyQwen3:
      return "Qwen3";
    case TinyShape::kToy:
      return "Toy";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Shapes, Equality,
                         testing::Values(TinyShape::kTinyLlama, TinyShape::kTinyQwen2,
                                         TinyShape::kTinyQwen3),
                         shape_label);

}  // namespace
}  // namespace ringmaster::engine
