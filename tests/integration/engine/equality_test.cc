// The promise of the CPU device, and of the CUDA device in its deterministic mode: what a request
// gets is a function of the request alone. Every case serves the same requests under other
// circumstances and compares tokens and log-probabilities bit by bit with those of each request
// served alone, in one chunk, without the prefix cache.

#include <cctype>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "engine/cpu/cpu_executor.h"
#include "tests/support/equality_suite.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {

void PrintTo(const Circumstances& circumstances, std::ostream* out) {
  *out << circumstances.name;
}

namespace {

void expect_same(const EqualitySuite& suite, const EqualitySuite::Served& served) {
  EXPECT_EQ(served.error, "");
  const auto requests = equality_requests();
  for (std::size_t i = 0; i < kEqualityRequests; ++i) {
    EXPECT_EQ(suite.alone().outputs[i].size(),
              static_cast<std::size_t>(requests[i].output_tokens_max));
    EXPECT_TRUE(served.outputs[i] == suite.alone().outputs[i]) << "request " << i;
  }
}

EqualitySuite cpu_suite(TinyShape shape, std::int32_t threads, std::int32_t host_blocks = 0) {
  return EqualitySuite([model = load_tiny_model({.shape = shape}), threads, host_blocks](
                           std::int32_t block_tokens, std::int32_t blocks) {
    return std::shared_ptr<Executor>(make_cpu_executor(model, {.block_tokens = block_tokens,
                                                               .block_count = blocks,
                                                               .host_block_count = host_blocks,
                                                               .threads = threads})
                                         .value());
  });
}

class Equality : public testing::TestWithParam<std::tuple<TinyShape, Circumstances>> {};

TEST_P(Equality, Holds) {
  const auto& [shape, circumstances] = GetParam();
  const EqualitySuite suite = cpu_suite(shape, 1);
  std::uint64_t cached_tokens = 0;
  std::uint64_t preemptions = 0;
  for (const std::int32_t blocks : circumstances.block_counts) {
    const auto served = suite.serve(circumstances, blocks);
    expect_same(suite, served);
    cached_tokens += served.stats.cached_tokens;
    preemptions += served.stats.preemptions;
  }
  EXPECT_GE(cached_tokens, circumstances.cached_tokens_min);
  EXPECT_GE(preemptions, circumstances.preemptions_min);
}

std::string shape_label(TinyShape shape) {
  switch (shape) {
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

std::string case_label(const testing::TestParamInfo<Equality::ParamType>& info) {
  std::string label = shape_label(std::get<0>(info.param));
  bool begins_word = true;
  for (const char c : std::get<1>(info.param).name) {
    if (c != ' ') label += begins_word ? static_cast<char>(std::toupper(c)) : c;
    begins_word = c == ' ';
  }
  return label;
}

INSTANTIATE_TEST_SUITE_P(Cpu, Equality,
                         testing::Combine(testing::Values(TinyShape::kTinyLlama,
                                                          TinyShape::kTinyQwen2,
                                                          TinyShape::kTinyQwen3),
                                          testing::ValuesIn(equality_circumstances())),
                         case_label);

class EqualityOfShapes : public testing::TestWithParam<TinyShape> {};

TEST_P(EqualityOfShapes, HoldsForAnyNumberOfThreads) {
  const EqualitySuite suite = cpu_suite(GetParam(), 1);
  const EqualitySuite threaded = cpu_suite(GetParam(), 3);
  expect_same(suite, threaded.serve({}, 512));
}

// Small pools evict all the time, so that most prefixes come back from the host; tiers of other
// sizes lose some of it.
TEST_P(EqualityOfShapes, HoldsWithAHostTier) {
  const EqualitySuite suite = cpu_suite(GetParam(), 1);
  std::uint64_t loaded = 0;
  for (const std::int32_t host_blocks : {8, 40, 1000}) {
    const auto served = cpu_suite(GetParam(), 1, host_blocks)
                            .serve({.scheduler = {.watermark = 0.0},
                                    .block_tokens = 4,
                                    .arrive_every_steps = 2,
                                    .rounds = 2},
                                   97);
    loaded += served.stats.host_loaded_blocks;
    expect_same(suite, served);
  }
  EXPECT_GT(loaded, 150U);
}

INSTANTIATE_TEST_SUITE_P(Cpu, EqualityOfShapes,
                         testing::Values(TinyShape::kTinyLlama, TinyShape::kTinyQwen2,
                                         TinyShape::kTinyQwen3),
                         [](const auto& test) { return shape_label(test.param); });

}  // namespace
}  // namespace ringmaster::engine
