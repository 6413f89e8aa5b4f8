#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/cuda/few_rows.h"
#include "tests/gpu/kernel_cases.h"

namespace ringmaster::engine::cuda {

/// A product of few rows against one in double. The outputs behind the last one must stay poisoned.
template <class Device>
CaseResult gemv_case(Device& device, std::int32_t rows, std::int32_t inputs, std::int32_t outputs,
                     bool is_f32, bool has_bias) {
  const auto x = random_bf16(31, static_cast<std::size_t>(rows * inputs));
  const auto weight =
      random_bf16(32, static_cast<std::size_t>(outputs) * static_cast<std::size_t>(inputs));
  const auto bias = random_bf16(33, static_cast<std::size_t>(outputs), 4.0);
  const auto count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(outputs);
  constexpr std::size_t kGuard = 8;
  Bf16* bf16_at = device.upload(poisoned(count + kGuard));
  float* f32_at = device.upload(std::vector<float>(count + kGuard, NAN));
  multiply_few_rows(device, {.x = device.upload(x),
                             .weight = device.upload(weight),
                             .bias = has_bias ? device.upload(bias) : nullptr,
                             .y = is_f32 ? static_cast<void*>(f32_at) : bf16_at,
                             .rows = rows,
                             .inputs = inputs,
                             .outputs = outputs,
                             .is_f32 = is_f32});
  const auto in_bf16 = device.download(bf16_at, count + kGuard);
  const auto in_f32 = device.download(f32_at, count + kGuard);
  CaseResult result{.name = "gemv " + std::to_string(rows) + "x" + std::to_string(inputs) + "x" +
                            std::to_string(outputs) + (is_f32 ? " f32" : "") +
                            (has_bias ? " + bias" : ""),
                    // Of f32: some inputs / 32 + 8 additions in a row, in units of 2^-24 of the sum
                    // of magnitudes, by which errors are divided.
                    .bound = is_f32 ? (inputs / 32.0 + 16.0) * 0x1.0p-24 : kBf16Bound};
  for (std::int32_t r = 0; r < rows; ++r) {
    for (std::int32_t o = 0; o < outputs; ++o) {
      double sum = has_bias ? to_float(bias[static_cast<std::size_t>(o)]) : 0.0;
      double size = std::abs(sum);
      for (std::int32_t i = 0; i < inputs; ++i) {
        const double product =
            static_cast<double>(to_float(x[static_cast<std::size_t>(r * inputs + i)])) *
            to_float(weight[static_cast<std::size_t>(o) * static_cast<std::size_t>(inputs) +
                            static_cast<std::size_t>(i)]);
        sum += product;
        size += std::abs(product);
      }
      const auto at = static_cast<std::size_t>(r) * static_cast<std::size_t>(outputs) +
                      static_cast<std::size_t>(o);
      const double got = is_f32 ? in_f32[at] : to_float(in_bf16[at]);
      note(result.error, (got - sum) / (is_f32 ? size : std::max(std::abs(sum), 1e-3 * size)));
    }
  }
  for (std::size_t i = count; i < count + kGuard; ++i) {
    const bool is_untouched = in_f32[i] != in_f32[i] && in_bf16[i].bits == 0x7fff;
    note(result.error, is_untouched ? 0.0 : 1.0);
  }
  return result;
}

/// Whether a row's bits are the same alone and beside others.
template <class Device>
CaseResult gemv_alone_case(Device& device, std::int32_t inputs, std::int32_t outputs) {
  const auto x = random_bf16(34, static_cast<std::size_t>(kFewRowsMax * inputs));
  const auto weight = random_bf16(35, static_cast<std::size_t>(outputs * inputs));
  const Bf16* x_at = device.upload(x);
  const auto run = [&](std::int32_t first, std::int32_t rows) {
    const auto count = static_cast<std::size_t>(rows * outputs);
    float* y = device.upload(std::vector<float>(count, NAN));
    multiply_few_rows(device, {.x = x_at + first * inputs,
                               .weight = device.upload(weight),
                               .bias = nullptr,
                               .y = y,
                               .rows = rows,
                               .inputs = inputs,
                               .outputs = outputs,
                               .is_f32 = true});
    return device.download(y, count);
  };
  CaseResult result{.name = "gemv: a row alone and beside others", .bound = 0.0};
  const auto together = run(0, kFewRowsMax);
  for (std::int32_t r = 0; r < kFewRowsMax; ++r) {
    const auto alone = run(r, 1);
    for (std::size_t o = 0; o < alone.size(); ++o) {
      const float beside = together[static_cast<std::size_t>(r) * alone.size() + o];
      note(result.error, alone[o] == beside ? 0.0 : 1.0);
    }
  }
  return result;
}

}  // namespace ringmaster::engine::cuda
