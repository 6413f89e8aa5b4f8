#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "engine/engine.h"
#include "tests/engine_check/engine_checks.h"
#include "tests/gpu/figure.h"
#include "tests/support/packing_executor.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kSequences = 256;
constexpr int kSteps = 1000;
constexpr double kBarMicroseconds = 100.0;

TokenVector prompt_of(std::int32_t tokens, std::int32_t seed) {
  TokenVector prompt;
  for (std::int32_t i = 0; i < tokens; ++i) prompt.push_back((i * 7 + seed) % 1000);
  return prompt;
}

}  // namespace

int measure_scheduling() {
  PackingExecutor device;
  Engine engine(device, {.scheduler = {.step_tokens_max = 8192}});
  for (std::int32_t i = 0; i < kSequences; ++i) {
    if (!engine.submit({.prompt = prompt_of(1000, i)})) return 1;
  }
  StepResult result;
  std::vector<double> microseconds;
  while (microseconds.size() < kSteps) {
    const bool is_warm = engine.stats().queued_prefill_tokens == 0;
    const auto begin = std::chrono::steady_clock::now();
    engine.begin_step();
    engine.end_step(result);
    const auto spent = std::chrono::steady_clock::now() - begin;
    if (is_warm) microseconds.push_back(std::chrono::duration<double, std::micro>(spent).count());
  }
  std::sort(microseconds.begin(), microseconds.end());
  const double p99 = microseconds[kSteps * 99 / 100];
  char note[64];
  std::snprintf(note, sizeof note, "of 100 us; p50 %.0f us, p99 %.0f us", microseconds[kSteps / 2],
                p99);
  print_figure("scheduling + packing, 256 sequences", kBarMicroseconds / p99, 1.0, note);
  return 0;
}

}  // namespace ringmaster::engine
