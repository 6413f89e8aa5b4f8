// Several GPUs that share a model out, with the grid emulator in each one's place: what each gets
// of the weights, its own kernels and KV heads, and what is added up between them.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/cuda/cuda_executor.h"
#include "engine/cuda/kv_gate.h"
#include "engine/cuda/kv_probe.h"
#include "engine/engine.h"
#include "engine/model_shard.h"
#include "tests/support/cuda_requests.h"
#include "tests/support/emulated_cuda.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

using cuda::EmulatedCuda;

class TensorParallel : public testing::Test {
 protected:
  TensorParallel() { EmulatedCuda::gpus = 4; }
  ~TensorParallel() override { EmulatedCuda::gpus = 1; }
};

CudaOptions on_gpus(std::int32_t gpus) {
  return {.gpus = gpus,
          .block_tokens = kBlockTokens,
          .block_count = 64,
          .step_tokens_max = 64,
          .sequences_max = 8,
          .context_tokens_max = 200,
          .keeps_logits = true};
}

/// Two layers of a tiny model whose MLP is so narrow that four GPUs get multiples of 8 of it.
std::shared_ptr<const LoadedModel> load_divisible(TinyShape shape) {
  struct Kept {
    std::shared_ptr<const LoadedModel> whole;
    ModelShard narrow;
    LoadedModel model;
  };
  auto kept = std::make_shared<Kept>();
  kept->whole = load_tiny_model({.shape = shape});
  const ModelConfig& config = kept->whole->config;
  kept->narrow = cut_shard(config, kept->whole->weights,
                           {.heads = {0, config.heads},
                            .kv_heads = {0, config.kv_heads},
                            .feed_forward = {0, config.feed_forward / 32 * 32}});
  kept->model.config = kept->narrow.config;
  kept->model.config.layers = 2;
  kept->model.weights = kept->narrow.weights;
  kept->model.weights.layers.resize(2);
  return {kept, &kept->model};
}

std::unique_ptr<Executor> open(TinyShape shape, const CudaOptions& options) {
  auto executor = make_cuda_executor(load_divisible(shape), options, EmulatedCuda::api());
  EXPECT_TRUE(executor.has_value()) << (executor ? "" : executor.error().message);
  return std::move(*executor);
}

/// A prompt, then a token that decodes.
std::vector<StepInput> two_steps() {
  const auto prompt = prompt_of(18, 2);
  std::vector<StepInput> steps(2);
  add_part(steps[0], prompt, 0, 17, 20);
  add_part(steps[1], prompt, 17, 18, 20);
  return steps;
}

/// All logits of the steps, which one GPU computes without a sum over GPUs.
std::vector<float> logits_of(TinyShape shape, const CudaOptions& options,
                             const std::vector<StepInput>& steps) {
  const auto executor = open(shape, options);
  std::vector<float> all;
  for (const StepInput& step : steps) {
    executor->submit(step);
    StepOutput output;
    EXPECT_TRUE(executor->wait(output));
    const std::size_t rows = step.sampling.size();
    const auto vocabulary = static_cast<std::size_t>(executor->model().vocabulary_size);
    std::vector<float> logits(rows * vocabulary);
    char error[8];
    EmulatedCuda::api().read_logits(reinterpret_cast<cuda::CudaDevice*>(EmulatedCuda::newest),
                                    logits.data(), static_cast<std::int32_t>(rows), error, 8);
    for (std::size_t row = 0; row < rows; ++row) {
      const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(row * vocabulary);
      EXPECT_EQ(output.sampled[row].token,
                std::max_element(begin, begin + static_cast<std::ptrdiff_t>(vocabulary)) - begin);
    }
    all.insert(all.end(), logits.begin(), logits.end());
  }
  EXPECT_EQ(EmulatedCuda::newest->sums > 0, options.gpus > 1);
  return all;
}

class TensorParallelLogits : public TensorParallel,
                             public testing::WithParamInterface<TinyShape> {};

// Two KV heads, of which two GPUs have one each and four have one by two. Qwen2 brings biases,
// Qwen3 norms of heads, and both a tied head.
TEST_P(TensorParallelLogits, AreThoseOfOneGpuUpToRounding) {
  const auto want = logits_of(GetParam(), on_gpus(1), three_steps());
  for (const std::int32_t gpus : {2, 4}) {
    const double off = relative_error(logits_of(GetParam(), on_gpus(gpus), three_steps()), want);
    RecordProperty("relative_error_" + std::to_string(gpus), std::to_string(off));
    EXPECT_GT(off, 0.0);
    EXPECT_LT(off, 0.02) << gpus << " GPUs";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, TensorParallelLogits,
                         testing::Values(TinyShape::kTinyLlama, TinyShape::kTinyQwen2,
                                         TinyShape::kTinyQwen3));

// Eight query heads and four KV heads.
TEST_F(TensorParallel, GivesEachOfFourGpusAKvHeadOfItsOwn) {
  const auto want = logits_of(TinyShape::kToy, on_gpus(1), two_steps());
  const double off = relative_error(logits_of(TinyShape::kToy, on_gpus(4), two_steps()), want);
  RecordProperty("relative_error", std::to_string(off));
  EXPECT_GT(off, 0.0);
  EXPECT_LT(off, 0.02);
}

TEST_F(TensorParallel, AddsUpTwiceALayer) {
  const auto executor = open(TinyShape::kTinyLlama, on_gpus(2));
  StepInput step;
  add_part(step, prompt_of(20, 1), 0, 20, 40);
  executor->submit(step);
  StepOutput output;
  ASSERT_TRUE(executor->wait(output));
  EXPECT_EQ(EmulatedCuda::newest->sums, 4);
  EXPECT_EQ(EmulatedCuda::newest->gpu(1).steps, 1);
}

// Of more than 32 keys, which warpgroups weigh 64 at a time: each GPU does so for its own heads.
TEST_F(TensorParallel, ComesCloseToItsLogitsWithPrefillByWarpgroups) {
  CudaOptions options = on_gpus(2);
  const auto want = logits_of(TinyShape::kToy, options, three_steps());
  options.prefill_kernel = cuda::PrefillKernel::kWgmma;
  const auto got = logits_of(TinyShape::kToy, options, three_steps());
  EXPECT_NE(got, want);
  EXPECT_LT(relative_error(got, want), 0.01);
}

class TensorParallelGpus : public TensorParallel,
                           public testing::WithParamInterface<std::int32_t> {};

INSTANTIATE_TEST_SUITE_P(Gpus, TensorParallelGpus, testing::Values(2, 4));

// The sampled tokens are on every GPU when the next step begins without the host.
TEST_P(TensorParallelGpus, GiveTheSameTokensWithStepsBegunAhead) {
  const auto executor = open(TinyShape::kTinyQwen3, on_gpus(GetParam()));
  const std::vector<GenerateRequest> requests{request_of(5, 1), request_of(30, 2),
                                              request_of(17, 3)};
  EXPECT_EQ(run_all(*executor, requests, {}, true), run_all(*executor, requests, {}, false));
}

TEST_P(TensorParallelGpus, GiveTheSameTokensAloneAndInABatch) {
  const auto executor = open(TinyShape::kTinyQwen2, on_gpus(GetParam()));
  const std::vector<GenerateRequest> requests{request_of(5, 1), request_of(30, 2),
                                              request_of(17, 3)};
  const auto together = run_all(*executor, requests, {.prefill_chunk_tokens = 16});
  RequestId id = 1;
  for (const GenerateRequest& request : requests) {
    const auto alone = run_all(*executor, {request}, {.prefill_chunk_tokens = 16});
    EXPECT_EQ(alone.at(1), together.at(id++));
  }
}

// As a client sees them: a long text, in chunks of many lengths and tokens that decode.
TEST_P(TensorParallelGpus, GiveTheLogProbabilitiesOfOneGpu) {
  const auto one = open(TinyShape::kTinyLlama, on_gpus(1));
  const auto several = open(TinyShape::kTinyLlama, on_gpus(GetParam()));
  const double off = mean_difference(*probe_next_tokens(*one), *probe_next_tokens(*several));
  RecordProperty("mean_difference", std::to_string(off));
  EXPECT_GT(off, 0.0);
  EXPECT_LT(off, 0.05);
}

// A prompt that comes again finds its blocks on every GPU, or in every GPU's part of the host tier.
TEST_P(TensorParallelGpus, GiveTheSameTokensFromThePrefixCacheAndTheHostTier) {
  CudaOptions options = on_gpus(GetParam());
  EngineStats stats;
  const auto want = run_twice(*open(TinyShape::kTinyLlama, options), stats);
  EXPECT_EQ(stats.cached_tokens, 32U + 48U + 64U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(want[i], want[i + 3]) << "cached " << i;
  options.block_count = 6;
  options.host_block_count = 10;
  EXPECT_EQ(run_twice(*open(TinyShape::kTinyLlama, options), stats), want);
  EXPECT_GE(stats.host_loaded_blocks, 8U);
}

TEST_P(TensorParallelGpus, PassTheGateWithACacheOfE4m3) {
  CudaOptions options = on_gpus(GetParam());
  options.kv_type = cuda::KvType::kE4m3;
  const auto gated =
      make_gated_cuda_executor(load_divisible(TinyShape::kTinyLlama), options, EmulatedCuda::api());
  ASSERT_TRUE(gated) << gated.error().message;
  EXPECT_GT(gated->kv_error, 0.001);
  EngineStats stats;
  const auto outputs = run_twice(*gated->executor, stats);
  EXPECT_EQ(outputs[0], outputs[3]);
}

TEST_F(TensorParallel, ChangesNoBitWithTheChunksWhenDeterministic) {
  CudaOptions options = on_gpus(2);
  options.is_deterministic = true;
  const auto executor = open(TinyShape::kTinyQwen3, options);
  const std::vector<GenerateRequest> requests{request_of(33, 1), request_of(18, 2)};
  StepSchedulerOptions scheduler{.uses_prefix_cache = false};
  const auto expected = logprobs_of(*executor, requests, scheduler);
  for (const std::int32_t chunk : {1, 5, 16}) {
    scheduler.prefill_chunk_tokens = chunk;
    EXPECT_EQ(logprobs_of(*executor, requests, scheduler), expected) << "chunks of " << chunk;
  }
}

TEST_P(TensorParallelGpus, FailTheStepsRequestsWhenTheLastOneFails) {
  const auto executor = open(TinyShape::kTinyLlama, on_gpus(GetParam()));
  EmulatedCuda::newest->gpu(GetParam() - 1).failing_step = 2;
  const std::string line = "GPU " + std::to_string(GetParam() - 1) + ": step: an emulated fault";
  EXPECT_EQ(errors_of(*executor, {request_of(5, 1), request_of(9, 2)}),
            (std::vector<std::string>{line, line}));
}

TEST_F(TensorParallel, RefusesWhatItCannotDo) {
  const auto refusal = [](const CudaOptions& options) {
    const auto executor = make_cuda_executor(load_tiny_model({}), options, EmulatedCuda::api());
    return executor ? "opened" : executor.error().message;
  };
  EXPECT_EQ(refusal({.gpus = 0}), "number of GPUs: expected 1 to 64");
  EXPECT_EQ(refusal({.gpus = 65}), "number of GPUs: expected 1 to 64");
  EXPECT_EQ(refusal({.gpus = 3}), "4 query heads cannot be divided among 3 devices");
  EXPECT_EQ(refusal({.gpus = 4}),
            "hidden size 64 and feed-forward size 44 of each GPU: expected multiples of 8 on a "
            "GPU; --device cpu runs any");
  EXPECT_EQ(refusal({.gpus = 8}),
            "GPUs 0 to 7 are wanted (--tensor-parallel), of 4 that are visible");
  EXPECT_EQ(refusal({.ordinal = 3, .gpus = 2}),
            "GPUs 3 to 4 are wanted (--tensor-parallel), of 4 that are visible");
  EXPECT_EQ(refusal({.gpus = 4, .is_deterministic = true}),
            "deterministic: expected at most 2 GPUs; sums of more have no fixed order");
  EXPECT_EQ(refusal({.gpus = 2, .overlaps_launches = true}),
            "overlapped launches: expected one GPU, not 2");
}

}  // namespace
}  // namespace ringmaster::engine
