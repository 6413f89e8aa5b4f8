#pragma once

#include <cstdint>

#include "engine/cpu/kernels.h"

// The kernels, written once over a vector type. Included only by the kernels_<isa>.cc files, which
// are compiled for different instruction sets: everything is a template over a type local to its
// file, and nothing of the standard library is called, so that no function compiled for a wide
// instruction set can be linked in where the processor may lack it.
//
// A vector type V has kLanes, kTokens (rows of x per tile, as registers allow), Vec, and the
// operations used below. fma and every reduction have one fixed order.

namespace ringmaster::engine {

constexpr std::int32_t kTileOutputs = 4;
// Rows of x that stay in the second-level cache while all weights pass by.
constexpr std::int32_t kTokensPerPass = 32;

template <class V>
typename V::Vec vector_exp(typename V::Vec x) {
  // exp(x) = 2^n exp(r), |r| <= ln(2) / 2; the Taylor polynomial's error is below 1e-8 there.
  x = V::min(V::max(x, V::fill(-87.0F)), V::fill(88.0F));
  const auto n = V::round(V::mul(x, V::fill(1.44269504F)));
  auto r = V::fma(n, V::fill(-0.693359375F), x);  // ln 2 in two parts, the first exact in products.
  r = V::fma(n, V::fill(2.12194440e-4F), r);
  auto p = V::fill(1.0F / 5040.0F);
  p = V::fma(p, r, V::fill(1.0F / 720.0F));
  p = V::fma(p, r, V::fill(1.0F / 120.0F));
  p = V::fma(p, r, V::fill(1.0F / 24.0F));
  p = V::fma(p, r, V::fill(1.0F / 6.0F));
  p = V::fma(p, r, V::fill(0.5F));
  p = V::fma(p, r, V::fill(1.0F));
  p = V::fma(p, r, V::fill(1.0F));
  return V::mul(p, V::power_of_two(n));
}

/// sums[t][0..3] = x row t times four weight rows, t < Tokens.
template <class V, int Tokens, class Weight>
void tile(const float* x, std::int64_t x_stride, const Weight* const* w, std::int32_t inputs,
          float (*sums)[kTileOutputs]) {
  typename V::Vec acc[Tokens][kTileOutputs];
  for (auto& row : acc) {
    for (auto& a : row) a = V::fill(0.0F);
  }
  std::int32_t i = 0;
  for (; i + V::kLanes <= inputs; i += V::kLanes) {
    typename V::Vec weights[kTileOutputs];
    for (int r = 0; r < kTileOutputs; ++r) weights[r] = V::load(w[r] + i);
    for (int t = 0; t < Tokens; ++t) {
      const auto row = V::load(x + t * x_stride + i);
      for (int r = 0; r < kTileOutputs; ++r) acc[t][r] = V::fma(row, weights[r], acc[t][r]);
    }
  }
  if (i < inputs) {
    for (int t = 0; t < Tokens; ++t) {
      const auto row = V::load_part(x + t * x_stride + i, inputs - i);
      for (int r = 0; r < kTileOutputs; ++r) {
        acc[t][r] = V::fma(row, V::load_part(w[r] + i, inputs - i), acc[t][r]);
      }
    }
  }
  for (int t = 0; t < Tokens; ++t) V::reduce4(acc[t], sums[t]);
}

template <class V, int Tokens, class Weight>
void tile_outputs(const MatmulPart<Weight>& part, std::int32_t token, std::int32_t output) {
  const std::int32_t outputs = part.end - output < kTileOutputs ? part.end - output : kTileOutputs;
  const Weight* rows[kTileOutputs];
  for (int r = 0; r < kTileOutputs; ++r) {
    const std::int64_t row =
        output + (r < outputs ? r : outputs - 1);  // The surplus is not stored.
    rows[r] = part.w + row * part.inputs;
  }
  float sums[Tokens][kTileOutputs];
  tile<V, Tokens>(part.x + token * part.x_stride, part.x_stride, rows, part.inputs, sums);
  for (int t = 0; t < Tokens; ++t) {
    float* y = part.y + (token + t) * part.y_stride + output;
    for (int r = 0; r < outputs; ++r) y[r] = sums[t][r];
  }
}

template <class V, class Weight>
void matmul(const MatmulPart<Weight>& part) {
  for (std::int32_t pass = 0; pass < part.tokens; pass += kTokensPerPass) {
    const std::int32_t stop =
        pass + kTokensPerPass < part.tokens ? pass + kTokensPerPass : part.tokens;
    for (std::int32_t output = part.begin; output < part.end; output += kTileOutputs) {
      std::int32_t token = pass;
      for (; token + V::kTokens <= stop; token += V::kTokens)
        tile_outputs<V, V::kTokens>(part, token, output);
      for (; token < stop; ++token) tile_outputs<V, 1>(part, token, output);
    }
  }
}

template <class V>
float dot(const float* a, const float* b, std::int32_t count) {
  const float* rows[kTileOutputs] = {b, b, b, b};
  float sums[1][kTileOutputs];
  tile<V, 1>(a, 0, rows, count, sums);
  return sums[0][0];
}

template <class V>
void swiglu(const float* gate, const float* up, float* out, std::int32_t count) {
  const auto one = V::fill(1.0F);
  for (std::int32_t i = 0; i < count; i += V::kLanes) {
    const std::int32_t lanes = count - i < V::kLanes ? count - i : V::kLanes;
    const auto g = V::load_part(gate + i, lanes);
    const auto sigmoid = V::div(one, V::add(one, vector_exp<V>(V::sub(V::fill(0.0F), g))));
    V::store_part(out + i, V::mul(V::mul(g, sigmoid), V::load_part(up + i, lanes)), lanes);
  }
}

}  // namespace ringmaster::engine
