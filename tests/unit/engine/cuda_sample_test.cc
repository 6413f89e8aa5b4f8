#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/cuda/kernels/sample.cuh"
#include "engine/sampler.h"
#include "tests/support/emulated_device.h"

namespace ringmaster::engine::cuda {
namespace {

std::vector<float> random_logits(std::uint64_t seed, std::size_t count, double size) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.0, size);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = static_cast<float>(normal(random));
  return logits;
}

PackedRow packed_row(const SamplingOptions& options, std::int32_t output_index) {
  return {.seed = options.seed,
          .output_index = output_index,
          .slot = 1,
          .top_k = options.top_k,
          .temperature = options.temperature,
          .top_p = options.top_p,
          .min_p = options.min_p,
          .logprobs = options.logprobs};
}

SampleOutput sample_on(EmulatedDevice& device, const std::vector<float>& logits,
                       const PackedRow& row) {
  SampleOutput* out = device.upload(std::vector<SampleOutput>(1, SampleOutput{.token = -7}));
  auto* last = device.upload(std::vector<std::int32_t>{-1, -1});
  device.launch<Sample>({1}, Sample::shared_bytes(),
                        {.logits = device.upload(logits),
                         .rows = device.upload(std::vector<PackedRow>{row}),
                         .out = out,
                         .last_samples = last,
                         .vocabulary = static_cast<std::int32_t>(logits.size())});
  EXPECT_EQ(last[1], out->token);
  EXPECT_EQ(last[0], -1);
  return *out;
}

SampleOutput sample_on_device(const std::vector<float>& logits, const PackedRow& row,
                              ThreadOrder order = ThreadOrder::kAscending) {
  static std::map<ThreadOrder, EmulatedDevice> devices;
  return sample_on(devices.try_emplace(order, order).first->second, logits, row);
}

/// The tokens of draws 0 to 9 on both devices.
void expect_equal_draws(const std::vector<float>& logits, SamplingOptions options) {
  Sampler sampler;
  for (std::int32_t index = 0; index < 10; ++index) {
    options.seed = 77 + static_cast<std::uint64_t>(index) * 1'000'003;
    const auto out = sample_on_device(logits, packed_row(options, index));
    EXPECT_EQ(out.is_finite, 1);
    EXPECT_EQ(out.token, sampler.sample(logits, options, index).token) << "draw " << index;
  }
}

TEST(CudaSample, DrawsAsTheCpuDoesWithoutFilters) {
  expect_equal_draws(random_logits(1, 1, 1.0), {});
  expect_equal_draws(random_logits(2, 37, 1.0), {});
  expect_equal_draws(random_logits(3, 5000, 2.0), {.temperature = 0.7F});
}

TEST(CudaSample, DrawsAsTheCpuDoesUnderEachFilter) {
  const auto logits = random_logits(4, 3001, 2.0);
  expect_equal_draws(logits, {.top_k = 5});
  expect_equal_draws(logits, {.top_k = 1});
  expect_equal_draws(logits, {.top_k = 5000});
  expect_equal_draws(logits, {.top_p = 0.5F});
  expect_equal_draws(logits, {.top_p = 0.0F});
  expect_equal_draws(logits, {.top_p = 0.999F});
  expect_equal_draws(logits, {.min_p = 0.2F});
  expect_equal_draws(logits, {.min_p = 1.0F});
  expect_equal_draws(logits, {.temperature = 1.5F, .top_k = 50, .top_p = 0.8F, .min_p = 0.05F});
}

// Many logits are equal: which of them the filters keep is decided by token.
TEST(CudaSample, BreaksTiesByTokenAsTheCpuDoes) {
  auto logits = random_logits(5, 2000, 2.0);
  for (float& logit : logits) logit = std::round(logit);
  expect_equal_draws(logits, {.top_k = 300});
  expect_equal_draws(logits, {.top_k = 7});
  expect_equal_draws(logits, {.top_p = 0.6F});
  expect_equal_draws(logits, {.top_k = 900, .top_p = 0.9F, .min_p = 0.01F});
  EXPECT_EQ(sample_on_device({0.0F, -0.0F, -1.0F}, packed_row({.temperature = 0.0F}, 0)).token, 0);
  EXPECT_EQ(sample_on_device({-0.0F, 0.0F, -1.0F}, packed_row({.temperature = 0.0F}, 0)).token, 0);
}

// Additions to one bin wait for each other: by the exponents of logits, most were of one or two.
TEST(CudaSample, AddsFewTokensToTheSameBin) {
  for (const double size : {0.01, 1.0, 5.0}) {
    auto logits = random_logits(8, 20'000, size);
    if (size >= 1.0) logits[5] = -1e30F;
    for (const SamplingOptions& options :
         {SamplingOptions{.top_k = 40}, SamplingOptions{.temperature = 1.5F, .top_p = 0.9F}}) {
      EmulatedDevice device;
      sample_on(device, logits, packed_row(options, 0));
      EXPECT_LE(device.most_additions(), 1000) << size;
    }
  }
}

// One addition for each of a block's 32 warps, with and without tokens that are ruled out.
TEST(CudaSample, AddsEqualLogitsTogether) {
  std::vector<float> logits(20'000, 3.0F);
  for (const std::size_t ruled_out : {std::size_t{0}, std::size_t{5'000}}) {
    for (std::size_t i = 0; i < ruled_out; ++i) logits[i * 3] = -1e30F;
    for (const SamplingOptions& options :
         {SamplingOptions{.top_k = 40}, SamplingOptions{.temperature = 1.5F, .top_p = 0.9F}}) {
      EmulatedDevice device;
      sample_on(device, logits, packed_row(options, 0));
      EXPECT_LE(device.most_additions(), 32) << ruled_out;
    }
  }
}

TEST(CudaSample, DrawsAsTheCpuDoesFromEqualLogits) {
  std::vector<float> logits(3001, -2.0F);
  expect_equal_draws(logits, {.top_k = 1200, .top_p = 0.7F});
  for (std::size_t i = 0; i < logits.size(); i += 3) logits[i] = i % 2 == 0 ? -1.0F : -1e30F;
  expect_equal_draws(logits, {.top_k = 1200});
  expect_equal_draws(logits, {.top_p = 0.7F});
}

TEST(CudaSample, DrawsAsTheCpuDoesFromTheLargestAndSmallestLogits) {
  auto logits = random_logits(9, 600, 1e38);
  for (float& logit : logits) logit = std::clamp(logit, -3.4e38F, 3.4e38F);
  expect_equal_draws(logits, {.top_k = 100});
  for (float& logit : logits) logit *= 1e-38F * 1e-38F;
  expect_equal_draws(logits, {.top_k = 100, .top_p = 0.5F});
  expect_equal_draws(std::vector<float>(600, 3.0F), {.top_k = 100, .top_p = 0.5F});
}

TEST(CudaSample, TakesTheFirstOfTheHighestWhenGreedy) {
  auto logits = random_logits(6, 1500, 1.0);
  logits[700] = logits[1400] = 9.0F;
  EXPECT_EQ(sample_on_device(logits, packed_row({.temperature = 0.0F}, 3)).token, 700);
}

TEST(CudaSample, GivesTheCpusLogprobs) {
  const auto logits = random_logits(7, 1111, 2.0);
  const SamplingOptions options{.seed = 5, .logprobs = 20};
  Sampler sampler;
  const auto want = sampler.sample(logits, options, 2);
  const auto got = sample_on_device(logits, packed_row(options, 2));
  EXPECT_NEAR(got.logprob, want.logprob, 1e-5);
  ASSERT_EQ(got.best_count, 20);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(got.best_tokens[i], want.best[i].token);
    EXPECT_NEAR(got.best_logprobs[i], want.best[i].logprob, 1e-5);
  }
}

TEST(CudaSample, GivesNoMoreLogprobsThanThereAreTokens) {
  const auto got = sample_on_device({1.0F, 2.0F, 0.5F}, packed_row({.logprobs = 20}, 0));
  EXPECT_EQ(got.best_count, 3);
  EXPECT_EQ(got.best_tokens[0], 1);
}

TEST(CudaSample, SaysWhenALogitIsNotFinite) {
  for (const float odd : {NAN, INFINITY, -INFINITY}) {
    auto logits = random_logits(8, 1200, 1.0);
    logits[1100] = odd;
    EXPECT_EQ(sample_on_device(logits, packed_row({}, 0)).is_finite, 0);
  }
}

TEST(CudaSample, IsTheSameInAnyOrderOfThreads) {
  const auto logits = random_logits(9, 4000, 2.0);
  auto row = packed_row({.temperature = 1.2F, .top_k = 400, .top_p = 0.9F, .seed = 3}, 9);
  row.logprobs = 5;
  const auto want = sample_on_device(logits, row, ThreadOrder::kAscending);
  for (const auto order :
       {ThreadOrder::kDescending, ThreadOrder::kWarpsAscending, ThreadOrder::kWarpsDescending}) {
    const auto got = sample_on_device(logits, row, order);
    EXPECT_EQ(got.token, want.token);
    EXPECT_EQ(got.logprob, want.logprob);
    EXPECT_THAT(got.best_tokens, testing::ElementsAreArray(want.best_tokens));
  }
}

}  // namespace
}  // namespace ringmaster::engine::cuda
