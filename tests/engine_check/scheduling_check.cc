#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "tests/engine_check/engine_checks.h"
#include "tests/gpu/figure.h"
#include "tests/support/packing_executor.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kSequences = 256;
constexpr std::int32_t kPromptTokens = 1000;
constexpr std::size_t kSteps = 1000;
constexpr std::size_t kRuns = 5;
constexpr double kBarMicroseconds = 100.0;

using Microseconds = std::vector<double>;

/// Those of different numbers below a million share no block.
TokenVector prompt_of(std::int32_t number) {
  TokenVector prompt{number % 1000, number / 1000};
  for (std::int32_t i = 2; i < kPromptTokens; ++i) prompt.push_back((i * 7 + number) % 1000);
  return prompt;
}

/// Serves prompts until the prefix cache has no block left: what is measured then evicts one for
/// each that it fills, as an engine does that has been in service for a while.
bool fill_cache(Engine& engine) {
  StepResult result;
  for (std::int32_t number = kSequences;; ++number) {
    const EngineStats stats = engine.stats();
    if (stats.indexed_blocks + kPromptTokens / stats.block_tokens > stats.block_count) return true;
    if (!engine.submit({.prompt = prompt_of(number), .output_tokens_max = 1})) return false;
    while (engine.has_work()) {
      engine.begin_step();
      engine.end_step(result);
    }
  }
}

/// The time of each of the first steps in which all sequences decode.
std::optional<Microseconds> time_steps() {
  PackingExecutor device;
  Engine engine(device, {.scheduler = {.step_tokens_max = 8192}});
  if (!fill_cache(engine)) return std::nullopt;
  for (std::int32_t i = 0; i < kSequences; ++i) {
    if (!engine.submit({.prompt = prompt_of(i)})) return std::nullopt;
  }
  StepResult result;
  Microseconds steps;
  while (steps.size() < kSteps) {
    const bool is_warm = engine.stats().queued_prefill_tokens == 0;
    const auto begin = std::chrono::steady_clock::now();
    engine.begin_step();
    engine.end_step(result);
    const auto spent = std::chrono::steady_clock::now() - begin;
    if (is_warm) steps.push_back(std::chrono::duration<double, std::micro>(spent).count());
  }
  return steps;
}

double share_of(Microseconds values, std::size_t percent) {
  std::ranges::sort(values);
  return values[values.size() * percent / 100];
}

}  // namespace

// The bar is for what a run took, interrupts of the machine included. A step does the same work in
// each run, so beside it stands what the steps take where only one run was slow.
int measure_scheduling() {
  std::array<Microseconds, kRuns> runs;
  Microseconds p99_of_runs;
  for (Microseconds& run : runs) {
    auto steps = time_steps();
    if (!steps) return 1;
    run = std::move(*steps);
    p99_of_runs.push_back(share_of(run, 99));
  }
  Microseconds medians;
  for (std::size_t step = 0; step < kSteps; ++step) {
    Microseconds of_step;
    for (const Microseconds& run : runs) of_step.push_back(run[step]);
    medians.push_back(share_of(of_step, 50));
  }
  const double p99 = share_of(p99_of_runs, 50);
  char note[160];
  std::snprintf(note, sizeof note,
                "of 100 us; cache full; p99 %.0f us, the median of %zu runs; each step's own "
                "median: p50 %.0f us, p99 %.0f us",
                p99, kRuns, share_of(medians, 50), share_of(medians, 99));
  print_figure("scheduling + packing, 256 sequences", kBarMicroseconds / p99, 1.0, note);
  return 0;
}

}  // namespace ringmaster::engine
