#include "engine/simulated/profile_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/simulated/step_time.h"

namespace ringmaster::engine {
namespace {

constexpr std::size_t kStepsMin = 16;
constexpr std::size_t kHeldOutEach = 4;
constexpr int kSweepsMax = 100'000;
constexpr int kRoundsMax = 50;
// A profile without prefill time is refused where profiles are read.
constexpr double kPrefillSecondsMin = 1e-12;

/// base, weights, prefill, decode, sequence, context, attention.
constexpr std::size_t kTerms = 7;
using Terms = std::array<double, kTerms>;

Terms terms_of(const StepLoad& load, bool is_arithmetic) {
  const double arithmetic = is_arithmetic ? 1.0 : 0.0;
  return {1.0,
          1.0 - arithmetic,
          arithmetic * load.prefill_tokens,
          arithmetic * load.decoding_sequences,
          load.decoding_sequences,
          load.kv_tokens,
          load.attention_pairs};
}

/// min |A x - 1| over x >= 0, where a row of A is a step's terms over its seconds: coordinate
/// descent on the normal equations, columns scaled to length 1.
Terms solve(const std::vector<const MeasuredStep*>& steps, const std::vector<bool>& arithmetic) {
  std::array<Terms, kTerms> gram{};
  Terms target{};
  for (std::size_t s = 0; s < steps.size(); ++s) {
    Terms row = terms_of(steps[s]->load, arithmetic[s]);
    for (double& term : row) term /= steps[s]->seconds;
    for (std::size_t i = 0; i < kTerms; ++i) {
      target[i] += row[i];
      for (std::size_t j = 0; j < kTerms; ++j) gram[i][j] += row[i] * row[j];
    }
  }
  Terms scale;
  for (std::size_t i = 0; i < kTerms; ++i)
    scale[i] = gram[i][i] > 0 ? 1.0 / std::sqrt(gram[i][i]) : 0.0;
  Terms x{};
  for (int sweep = 0; sweep < kSweepsMax; ++sweep) {
    double moved = 0.0;
    for (std::size_t i = 0; i < kTerms; ++i) {
      if (scale[i] == 0.0) continue;
      double gradient = target[i] * scale[i];
      for (std::size_t j = 0; j < kTerms; ++j) gradient -= gram[i][j] * scale[i] * scale[j] * x[j];
      const double next = std::max(0.0, x[i] + gradient);
      moved = std::max(moved, std::abs(next - x[i]));
      x[i] = next;
    }
    if (moved < 1e-12) break;
  }
  for (std::size_t i = 0; i < kTerms; ++i) x[i] *= scale[i];
  return x;
}

bool is_arithmetic_bound(const Terms& x, const StepLoad& load) {
  return x[2] * load.prefill_tokens + x[3] * load.decoding_sequences > x[1];
}

void set_constants(InstanceProfile& profile, const Terms& x) {
  profile.step_seconds = x[0];
  profile.weights_seconds = x[1];
  profile.prefill_seconds_per_token = std::max(x[2], kPrefillSecondsMin);
  profile.decode_seconds_per_token = x[3];
  profile.step_seconds_per_sequence = x[4];
  profile.step_seconds_per_kv_token = x[5];
  profile.attention_seconds_per_pair = x[6];
}

double relative_error(const InstanceProfile& profile, const MeasuredStep& step) {
  return std::abs(to_seconds(step_time(profile, step.load)) - step.seconds) / step.seconds;
}

/// The fit that begins with steps of more than `tokens` tokens as bound by arithmetic.
Terms fit_from(const std::vector<const MeasuredStep*>& steps, double tokens) {
  std::vector<bool> arithmetic;
  for (const MeasuredStep* step : steps) {
    arithmetic.push_back(step->load.prefill_tokens + step->load.decoding_sequences > tokens);
  }
  Terms x{};
  for (int round = 0; round < kRoundsMax; ++round) {
    x = solve(steps, arithmetic);
    bool is_settled = true;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const bool now = is_arithmetic_bound(x, steps[s]->load);
      is_settled = is_settled && now == arithmetic[s];
      arithmetic[s] = now;
    }
    if (is_settled) break;
  }
  return x;
}

}  // namespace

Result<InstanceProfile> fit_profile(const MeasuredSteps& measured, const FitLabels& labels) {
  std::vector<const MeasuredStep*> fitted;
  std::vector<const MeasuredStep*> held_out;
  std::size_t with_prefill = 0;
  for (std::size_t i = 0; i < measured.steps.size(); ++i) {
    (i % kHeldOutEach == kHeldOutEach - 1 ? held_out : fitted).push_back(&measured.steps[i]);
    with_prefill += measured.steps[i].load.prefill_tokens > 0 ? 1 : 0;
  }
  if (measured.steps.size() < kStepsMin || with_prefill == 0 ||
      with_prefill == measured.steps.size()) {
    return invalid("expected at least " + std::to_string(kStepsMin) +
                   " steps, some with and some without prefill, found " +
                   std::to_string(measured.steps.size()) + ", " + std::to_string(with_prefill) +
                   " of them with");
  }
  InstanceProfile best{.name = labels.name,
                       .kv_cache_tokens = measured.device_kv_tokens,
                       .prompt_tokens_max = measured.context_tokens_max,
                       .device_kv_tokens = measured.device_kv_tokens,
                       .context_tokens_max = measured.context_tokens_max};
  double least = std::numeric_limits<double>::infinity();
  for (const double tokens : {16.0, 64.0, 128.0, 256.0, 512.0, 1024.0}) {
    InstanceProfile tried = best;
    set_constants(tried, fit_from(fitted, tokens));
    double squares = 0.0;
    for (const MeasuredStep* step : fitted) squares += std::pow(relative_error(tried, *step), 2);
    if (squares >= least) continue;
    least = squares;
    best = tried;
  }
  std::vector<double> errors;
  for (const MeasuredStep* step : held_out) errors.push_back(relative_error(best, *step));
  std::sort(errors.begin(), errors.end());
  double sum = 0.0;
  for (const double error : errors) sum += error;
  best.fit = ProfileFit{.device = measured.device,
                        .date = labels.date,
                        .command = labels.command,
                        .fitted_steps = fitted.size(),
                        .held_out_steps = held_out.size(),
                        .error_mean = sum / static_cast<double>(errors.size()),
                        .error_p90 = errors[(errors.size() * 9 + 9) / 10 - 1],
                        .error_max = errors.back()};
  return best;
}

}  // namespace ringmaster::engine
