#include "engine/cpu/cpu_executor.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

class CpuExecutorTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Executor> make(const CpuOptions& options) const {
    return std::move(make_cpu_executor(model_, options)).value();
  }

  /// The error of a step of three tokens in blocks of four, after `spoil` has changed it.
  template <class Spoil>
  std::string error_of(Spoil spoil) const {
    StepInput step;
    step.tokens = {1, 2, 3};
    step.positions = {0, 1, 2};
    step.block_tables = {5};
    step.sequences = {
        {.slot = 7, .query_tokens = 3, .context_tokens = 3, .block_count = 1, .sample_row = 0}};
    step.sampling = {{}};
    spoil(step);
    const auto executor = make({.block_tokens = 4, .block_count = 8, .threads = 1});
    StepOutput output;
    executor->submit(step);
    const auto status = executor->wait(output);
    return status ? "no error" : status.error().message;
  }

  std::shared_ptr<const LoadedModel> model_ = load_tiny_model({});
};

TEST_F(CpuExecutorTest, DescribesItsModelAndCache) {
  const auto executor = make({.block_tokens = 32, .block_count = 10});
  EXPECT_EQ(executor->model().vocabulary_size, 512);
  EXPECT_EQ(executor->model().context_tokens_max, 8192);
  EXPECT_EQ(executor->block_tokens(), 32);
  EXPECT_EQ(executor->block_count(), 10);
}

TEST_F(CpuExecutorTest, DividesItsMemoryIntoBlocks) {
  // 2 layers x (key + value) x 2 heads x 16 x 4 bytes = 512 bytes a token, 8,192 a block.
  EXPECT_EQ(make({.kv_bytes = 100'000})->block_count(), 12);
}

TEST_F(CpuExecutorTest, RefusesMemoryForLessThanOneBlock) {
  EXPECT_EQ(make_cpu_executor(model_, {.kv_bytes = 8'191}).error().message,
            "kv cache: 8191 bytes hold no block of 8192 bytes");
}

TEST_F(CpuExecutorTest, HasAHostTierOnlyIfAskedForOne) {
  EXPECT_EQ(make({})->host_block_count(), 0);
  EXPECT_EQ(make({.host_kv_bytes = 100'000})->host_block_count(), 12);
  EXPECT_EQ(make({.host_block_count = 5, .host_kv_bytes = 100'000})->host_block_count(), 5);
  EXPECT_EQ(make_cpu_executor(model_, {.host_kv_bytes = 8'191}).error().message,
            "host tier: 8191 bytes hold no block of 8192 bytes");
}

TEST_F(CpuExecutorTest, RefusesACopyFromOutsideTheHostTier) {
  EXPECT_EQ(error_of([](StepInput& step) { step.loads = {{.device = 1, .host = 0}}; }),
            "step: a copy of a block that is not there");
  EXPECT_EQ(error_of([](StepInput& step) { step.saves = {{.device = 8, .host = 0}}; }),
            "step: a copy of a block that is not there");
}

TEST_F(CpuExecutorTest, RefusesBlocksOfNoTokens) {
  EXPECT_EQ(make_cpu_executor(model_, {.block_tokens = 0}).error().message,
            "block_tokens: expected 1 to 1024");
}

TEST_F(CpuExecutorTest, RunsAStepAndTimesIt) {
  EXPECT_EQ(error_of([](StepInput&) {}), "no error");
}

// Only an engine's bug can make such a step, but it must not reach another sequence's memory.
TEST_F(CpuExecutorTest, RefusesAStepThatReachesOutside) {
  EXPECT_EQ(error_of([](StepInput& step) { step.tokens[1] = 512; }),
            "step: token 512: expected less than 512");
  EXPECT_EQ(error_of([](StepInput& step) { step.block_tables[0] = 8; }),
            "step: sequence in slot 7: block 8");
  EXPECT_EQ(error_of([](StepInput& step) { step.positions[2] = 3; }),
            "step: sequence in slot 7: position 3");
  EXPECT_EQ(error_of([](StepInput& step) { step.sequences[0].block_count = 2; }),
            "step: sequence in slot 7: block table range");
  EXPECT_EQ(error_of([](StepInput& step) { step.sequences[0].context_tokens = 5; }),
            "step: sequence in slot 7: too few blocks");
  EXPECT_EQ(error_of([](StepInput& step) { step.sequences[0].sample_row = 1; }),
            "step: sequence in slot 7: sample row");
}

TEST_F(CpuExecutorTest, ReportsWeightsThatAreNotNumbers) {
  const TemporaryFolder folder;
  for (const ModelFile& file : make_tiny_model({})) folder.write(file.name, file.bytes);
  std::string weights = make_tiny_model({})[2].bytes;
  weights.replace(weights.size() - 4, 4,
                  "\xff\xff\xff\xff");  // The last two of lm_head: not a number.
  folder.write("model.safetensors", weights);
  model_ = load_model_folder(folder.path()).value();
  EXPECT_EQ(error_of([](StepInput&) {}), "step: logits are not finite (are the weights?)");
}

}  // namespace
}  // namespace ringmaster::engine
