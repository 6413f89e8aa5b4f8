#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/cpu/kernels.h"
#include "engine/tensor.h"

namespace ringmaster::engine {
namespace {

std::vector<float> random_floats(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(2.0 * random.unit() - 1.0);
  return values;
}

std::vector<std::uint16_t> as_bf16(const std::vector<float>& values) {
  std::vector<std::uint16_t> bits;
  for (const float value : values) bits.push_back(bf16_of_float(value));
  return bits;
}

class CpuKernels : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!parse_isa(isa_name(GetParam())))
      GTEST_SKIP() << "this processor lacks " << isa_name(GetParam());
  }
  [[nodiscard]] const Kernels& kernels() const { return kernels_for(GetParam()); }
};

struct Sizes {
  std::int32_t tokens, inputs, outputs;
};

/// Largest difference from the product in double, relative to the length of a row.
template <class Weight, class ToFloat>
double matmul_error(void (*matmul)(const MatmulPart<Weight>&), const std::vector<Weight>& w,
                    ToFloat to_float, Sizes s) {
  const auto x = random_floats(1, static_cast<std::size_t>(s.tokens * s.inputs));
  std::vector<float> y(static_cast<std::size_t>(s.tokens * s.outputs), NAN);
  matmul({.x = x.data(),
          .x_stride = s.inputs,
          .tokens = s.tokens,
          .w = w.data(),
          .inputs = s.inputs,
          .end = s.outputs,
          .y = y.data(),
          .y_stride = s.outputs});
  double worst = 0.0;
  for (std::int32_t t = 0; t < s.tokens; ++t) {
    for (std::int32_t n = 0; n < s.outputs; ++n) {
      double exact = 0.0;
      for (std::int32_t k = 0; k < s.inputs; ++k) {
        exact += static_cast<double>(x[static_cast<std::size_t>(t * s.inputs + k)]) *
                 to_float(w[static_cast<std::size_t>(n * s.inputs + k)]);
      }
      const double difference = std::abs(y[static_cast<std::size_t>(t * s.outputs + n)] - exact);
      worst = std::isnan(difference) ? INFINITY : std::max(worst, difference / std::sqrt(s.inputs));
    }
  }
  return worst;
}

constexpr Sizes kOddSizes[] = {{1, 1, 1},  {1, 64, 192}, {3, 7, 5},     {2, 16, 4},
                               {5, 33, 6}, {9, 100, 13}, {35, 176, 64}, {70, 24, 3}};

TEST_P(CpuKernels, MultiplyByF32Weights) {
  for (const Sizes& sizes : kOddSizes) {
    const auto w = random_floats(2, static_cast<std::size_t>(sizes.inputs * sizes.outputs));
    EXPECT_LT(matmul_error(
                  kernels().matmul_f32, w, [](float v) { return v; }, sizes),
              1e-6)
        << sizes.inputs;
  }
}

TEST_P(CpuKernels, MultiplyByBf16Weights) {
  for (const Sizes& sizes : kOddSizes) {
    const auto w =
        as_bf16(random_floats(2, static_cast<std::size_t>(sizes.inputs * sizes.outputs)));
    EXPECT_LT(matmul_error(kernels().matmul_bf16, w, float_of_bf16, sizes), 1e-6) << sizes.inputs;
  }
}

// The heart of the equality promise: 37 tokens at once, one at a time, and any split of the
// columns.
TEST_P(CpuKernels, ComputeEachOutputFromItsRowAlone) {
  constexpr std::int32_t kTokens = 37;
  constexpr std::int32_t kInputs = 83;
  constexpr std::int32_t kOutputs = 29;
  const auto x = random_floats(3, kTokens * kInputs);
  const auto w = as_bf16(random_floats(4, kOutputs * kInputs));
  MatmulPart<std::uint16_t> part{.x = x.data(),
                                 .x_stride = kInputs,
                                 .tokens = kTokens,
                                 .w = w.data(),
                                 .inputs = kInputs,
                                 .end = kOutputs,
                                 .y_stride = kOutputs};
  std::vector<float> together(kTokens * kOutputs);
  part.y = together.data();
  kernels().matmul_bf16(part);

  std::vector<float> apart(kTokens * kOutputs);
  for (std::int32_t t = 0; t < kTokens; ++t) {
    for (std::int32_t begin = 0; begin < kOutputs; begin += 1 + t % 7) {
      part.x = x.data() + t * kInputs;
      part.tokens = 1;
      part.begin = begin;
      part.end = std::min(kOutputs, begin + 1 + t % 7);
      part.y = apart.data() + t * kOutputs;
      kernels().matmul_bf16(part);
    }
  }
  EXPECT_EQ(together, apart);
}

TEST_P(CpuKernels, AttendAsSoftmaxDoes) {
  constexpr std::int32_t kBlockTokens = 5;
  constexpr std::int32_t kHeadDim = 20;
  for (const std::int32_t context : {1, 2, 63, 64, 65, 130, 200}) {
    const auto keys = random_floats(5, 200 * kHeadDim);
    const auto values = random_floats(6, 200 * kHeadDim);
    const auto query = random_floats(7, kHeadDim);
    std::vector<std::int32_t> blocks;
    for (std::int32_t i = 39; i >= 0; --i) blocks.push_back(i);  // Backwards.
    std::vector<float> out(kHeadDim, NAN);
    kernels().attend({.query = query.data(),
                      .keys = keys.data(),
                      .values = values.data(),
                      .blocks = blocks.data(),
                      .block_tokens = kBlockTokens,
                      .block_stride = kBlockTokens * kHeadDim,
                      .token_stride = kHeadDim,
                      .context = context,
                      .head_dim = kHeadDim,
                      .scale = 2.0F,
                      .out = out.data()});

    const auto row = [&](std::int32_t j) {
      return static_cast<std::size_t>(
          (blocks[static_cast<std::size_t>(j / kBlockTokens)] * kBlockTokens + j % kBlockTokens) *
          kHeadDim);
    };
    std::vector<double> exact(kHeadDim);
    double total = 0.0;
    for (std::int32_t j = 0; j < context; ++j) {
      double score = 0.0;
      for (std::size_t d = 0; d < kHeadDim; ++d) score += double{query[d]} * keys[row(j) + d];
      const double weight = std::exp(2.0 * score);
      total += weight;
      for (std::size_t d = 0; d < kHeadDim; ++d) exact[d] += weight * values[row(j) + d];
    }
    for (std::size_t d = 0; d < kHeadDim; ++d)
      EXPECT_NEAR(out[d], exact[d] / total, 1e-6) << context;
  }
}

TEST_P(CpuKernels, SurviveScoresFarApart) {
  const std::vector<float> keys{-300.0F, 0.0F, 300.0F, 0.0F};
  const std::vector<float> values{1.0F, 2.0F, 3.0F, 4.0F};
  const std::vector<float> query{1.0F, 0.0F};
  const std::int32_t block = 0;
  std::vector<float> out(2);
  kernels().attend({.query = query.data(),
                    .keys = keys.data(),
                    .values = values.data(),
                    .blocks = &block,
                    .block_tokens = 2,
                    .block_stride = 4,
                    .token_stride = 2,
                    .context = 2,
                    .head_dim = 2,
                    .scale = 1.0F,
                    .out = out.data()});
  EXPECT_FLOAT_EQ(out[0], 3.0F);
  EXPECT_FLOAT_EQ(out[1], 4.0F);
}

TEST_P(CpuKernels, GateByTheSigmoid) {
  std::vector<float> gate{-90.0F, -5.0F, -0.5F, 0.0F, 0.25F, 3.0F, 90.0F};
  const std::vector<float> up{1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 7.0F};
  std::vector<float> out(7);
  kernels().swiglu(gate.data(), up.data(), out.data(), 7);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_NEAR(out[i], gate[i] / (1.0 + std::exp(-double{gate[i]})) * up[i],
                1e-6 * std::abs(gate[i] * up[i]) + 1e-30);
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, CpuKernels, testing::Values(Isa::kScalar, Isa::kAvx2, Isa::kAvx512),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

TEST(CpuIsa, IsChosenByName) {
  EXPECT_EQ(parse_isa("scalar").value(), Isa::kScalar);
  EXPECT_EQ(parse_isa("").value(), best_isa());
  EXPECT_EQ(parse_isa("sse9").error().message,
            "instruction set 'sse9': expected scalar, avx2 or avx512");
}

}  // namespace
}  // namespace ringmaster::engine
