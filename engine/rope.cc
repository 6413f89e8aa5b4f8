#include "engine/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace ringmaster::engine {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

/// Fast pairs stay as they are, slow ones are divided by the factor, those between are blended.
double scale_llama3(double frequency, const RopeScaling& scaling) {
  const double turns = scaling.original_context_tokens * frequency / kTurn;
  if (turns > scaling.high_frequency_factor) return frequency;
  if (turns < scaling.low_frequency_factor) return frequency / scaling.factor;
  const double keep = (turns - scaling.low_frequency_factor) /
                      (scaling.high_frequency_factor - scaling.low_frequency_factor);
  return (1.0 - keep) * frequency / scaling.factor + keep * frequency;
}

/// The pair (fractional) that makes `turns` turns within the trained context.
double yarn_pair_of(double turns, const ModelConfig& config) {
  return config.head_dim * std::log(config.rope_scaling.original_context_tokens / (turns * kTurn)) /
         (2.0 * std::log(config.rope_theta));
}

void scale_yarn(Rope& rope, const ModelConfig& config) {
  const RopeScaling& scaling = config.rope_scaling;
  const double low = std::max(std::floor(yarn_pair_of(scaling.beta_fast, config)), 0.0);
  double high = std::min(std::ceil(yarn_pair_of(scaling.beta_slow, config)), config.head_dim - 1.0);
  if (high == low) high += 0.001;  // The reference implementation's guard against a zero ramp.
  for (std::size_t j = 0; j < rope.frequencies.size(); ++j) {
    const double stretch = std::clamp((static_cast<double>(j) - low) / (high - low), 0.0, 1.0);
    rope.frequencies[j] *= stretch / scaling.factor + (1.0 - stretch);
  }
  rope.magnitude = scaling.attention_factor.value_or(1.0 + 0.1 * std::log(scaling.factor));
}

}  // namespace

Rope make_rope(const ModelConfig& config) {
  Rope rope;
  for (std::int32_t j = 0; j < config.head_dim / 2; ++j) {
    rope.frequencies.push_back(std::pow(config.rope_theta, -2.0 * j / config.head_dim));
  }
  switch (config.rope_scaling.kind) {
    case RopeScalingKind::kNone:
      break;
    case RopeScalingKind::kLinear:
      for (double& frequency : rope.frequencies) frequency /= config.rope_scaling.factor;
      break;
    case RopeScalingKind::kLlama3:
      for (double& frequency : rope.frequencies)
        frequency = scale_llama3(frequency, config.rope_scaling);
      break;
    case RopeScalingKind::kYarn:
      scale_yarn(rope, config);
      break;
  }
  return rope;
}

void rope_angles(const Rope& rope, std::int32_t position, std::span<float> cosines,
                 std::span<float> sines) {
  RINGMASTER_CHECK(cosines.size() == rope.frequencies.size() &&
                   sines.size() == rope.frequencies.size());
  for (std::size_t j = 0; j < rope.frequencies.size(); ++j) {
    const double angle = position * rope.frequencies[j];
    cosines[j] = static_cast<float>(std::cos(angle) * rope.magnitude);
    sines[j] = static_cast<float>(std::sin(angle) * rope.magnitude);
  }
}

}  // namespace ringmaster::engine
