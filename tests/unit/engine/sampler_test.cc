#include "engine/sampler.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/philox.h"

namespace ringmaster::engine {
namespace {

const std::vector<float> kLogits{1.0F, 3.0F, 2.0F, 3.0F, -1.0F};

// Known answers of the algorithm's authors: all zeros, all ones, digits of pi.
TEST(Philox, GivesThePublishedWords) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Sampler, TakesTheFirstOfTheHighestAtTemperatureZero) {
  EXPECT_EQ(Sampler().sample(kLogits, {.temperature = 0.0F}, 0).token, 1);
}

TEST(Sampler, RepeatsADrawOfTheSameSeedAndIndex) {
  Sampler one;
  Sampler other;
  EXPECT_EQ(other.sample(kLogits, {.seed = 9}, 1).token,
            other.sample(kLogits, {.seed = 9}, 1).token);
  EXPECT_EQ(one.sample(kLogits, {.seed = 5}, 40).token,
            other.sample(kLogits, {.seed = 5}, 40).token);
}

TEST(Sampler, DrawsDifferentlyForEachOutputIndex) {
  Sampler sampler;
  int highest = 0;
  for (int i = 0; i < 100; ++i)
    highest += sampler.sample(kLogits, {.seed = 1}, i).token == 1 ? 1 : 0;
  EXPECT_GT(highest, 20);
  EXPECT_LT(highest, 60);
}

TEST(Sampler, SharpensWithALowTemperature) {
  const auto warm = Sampler().distribution(kLogits, {.temperature = 1.0F});
  const auto cold = Sampler().distribution(kLogits, {.temperature = 0.5F});
  EXPECT_NEAR(warm[2] / warm[1], std::exp(-1.0), 1e-12);
  EXPECT_NEAR(cold[2] / cold[1], std::exp(-2.0), 1e-12);
}

TEST(Sampler, KeepsTheTopKAndTheLowerOfEqualTokens) {
  EXPECT_EQ(Sampler().distribution(kLogits, {.top_k = 1}), (std::vector<double>{0, 1, 0, 0, 0}));
  EXPECT_EQ(Sampler().distribution(kLogits, {.top_k = 2}),
            (std::vector<double>{0, 0.5, 0, 0.5, 0}));
}

TEST(Sampler, KeepsTheShortestRunThatReachesTopP) {
  // Probabilities 0.40, 0.40, 0.15, 0.05, 0.01: two do not reach 0.85, three do.
  const auto kept = Sampler().distribution(kLogits, {.top_p = 0.85F});
  EXPECT_EQ(kept[0], 0.0);
  EXPECT_GT(kept[2], 0.0);
  EXPECT_EQ(Sampler().distribution(kLogits, {.top_p = 0.75F})[2], 0.0);
}

TEST(Sampler, KeepsAFlatTopPAcrossManyTokens) {
  const auto kept = Sampler().distribution(std::vector<float>(1000, 1.0F), {.top_p = 0.5F});
  EXPECT_NEAR(kept[499], 0.002, 1e-12);
  EXPECT_EQ(kept[500], 0.0);
}

TEST(Sampler, AlwaysKeepsOneToken) {
  EXPECT_EQ(Sampler().distribution(kLogits, {.top_p = 0.0F}), (std::vector<double>{0, 1, 0, 0, 0}));
}

TEST(Sampler, DropsTokensBelowMinPOfTheBest) {
  const auto kept =
      Sampler().distribution(kLogits, {.min_p = 0.3F});  // exp(-1) = 0.37, exp(-2) = 0.14.
  EXPECT_GT(kept[2], 0.0);
  EXPECT_EQ(kept[0], 0.0);
}

TEST(Sampler, AppliesTopPWithinTopK) {
  // Of the best three the first two have 0.84 of the weight.
  EXPECT_EQ(Sampler().distribution(kLogits, {.top_k = 3, .top_p = 0.84F})[2], 0.0);
  EXPECT_GT(Sampler().distribution(kLogits, {.top_k = 3, .top_p = 0.85F})[2], 0.0);
}

TEST(Sampler, SurvivesATemperatureNearZero) {
  EXPECT_EQ(Sampler().distribution({{0.0F, 90.0F}}, {.temperature = 1e-6F}),
            (std::vector<double>{0, 1}));
}

/// Pearson's statistic of `draws` draws against the exact distribution, over tokens that can come.
double chi_square(const std::vector<float>& logits, const SamplingOptions& options, int draws) {
  Sampler sampler;
  const auto expected = sampler.distribution(logits, options);
  std::vector<int> seen(logits.size());
  for (int i = 0; i < draws; ++i)
    ++seen[static_cast<std::size_t>(sampler.sample(logits, options, i).token)];
  double statistic = 0.0;
  for (std::size_t t = 0; t < logits.size(); ++t) {
    if (expected[t] == 0.0) {
      EXPECT_EQ(seen[t], 0);
      continue;
    }
    const double difference = seen[t] - draws * expected[t];
    statistic += difference * difference / (draws * expected[t]);
  }
  return statistic;
}

std::vector<float> spread_logits() {
  std::vector<float> logits;
  for (int i = 0; i < 50; ++i) logits.push_back(static_cast<float>((i * 37) % 50) * 0.06F);
  return logits;
}

// 49 degrees of freedom: a true sampler exceeds 85.4 once in a thousand seeds. Draws are fixed by
// the seed.
TEST(Sampler, DrawsFromTheExactDistribution) {
  EXPECT_LT(chi_square(spread_logits(), {.temperature = 1.0F, .seed = 1}, 20'000), 85.4);
}

TEST(Sampler, DrawsFromTheExactFilteredDistribution) {
  EXPECT_LT(chi_square(spread_logits(),
                       {.temperature = 0.7F, .top_k = 30, .top_p = 0.9F, .min_p = 0.1F, .seed = 2},
                       20'000),
            58.3);  // At most 29 degrees of freedom.
}

TEST(Sampler, GivesLogprobsOfTheRawLogits) {
  const auto sampled =
      Sampler().sample(kLogits, {.temperature = 0.0F, .top_k = 2, .logprobs = 3}, 0);
  const double normaliser =
      std::log(std::exp(1.0) + 2 * std::exp(3.0) + std::exp(2.0) + std::exp(-1.0));
  EXPECT_NEAR(sampled.logprob, 3.0 - normaliser, 1e-6);
  ASSERT_EQ(sampled.best.size(), 3U);
  EXPECT_EQ(sampled.best[0].token, 1);
  EXPECT_EQ(sampled.best[1].token, 3);
  EXPECT_EQ(sampled.best[2].token, 2);
  EXPECT_NEAR(sampled.best[2].logprob, 2.0 - normaliser, 1e-6);
}

TEST(Sampler, GivesNoLogprobsUnlessAsked) {
  const auto sampled = Sampler().sample(kLogits, {.temperature = 0.0F}, 0);
  EXPECT_EQ(sampled.logprob, 0.0F);
  EXPECT_TRUE(sampled.best.empty());
}

}  // namespace
}  // namespace ringmaster::engine
