// Budget: 100 us for planning, packing and retiring a step of 256 decoding sequences at 1,000
// tokens of context each. (A step of a 7B model on an H200 takes over 4 ms.)

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/engine.h"
#include "engine/simulated/sim_executor.h"
#include "tests/support/packing_executor.h"

namespace ringmaster::engine {
namespace {

SimExecutorOptions device_options() {
  return {.model = {.name = "m", .vocabulary_size = 1000, .context_tokens_max = 1'000'000},
          .block_tokens = 16,
          .block_count = 126'000};
}

TokenVector prompt_of(std::int32_t tokens, std::int32_t seed) {
  TokenVector prompt;
  for (std::int32_t i = 0; i < tokens; ++i) prompt.push_back((i * 7 + seed) % 1000);
  return prompt;
}

void run_step(Engine& engine, StepResult& result) {
  engine.begin_step();
  engine.end_step(result);
}

void step_of_decoding_sequences(benchmark::State& state) {
  SimExecutor device(device_options(), nullptr);
  Engine engine(device, {.scheduler = {.step_tokens_max = 8192}});
  for (std::int32_t i = 0; i < state.range(0); ++i) {
    (void)engine.submit({.prompt = prompt_of(1000, i)});
  }
  StepResult result;
  while (engine.stats().queued_prefill_tokens > 0) run_step(engine, result);
  std::int64_t steps = 0;
  for (auto _ : state) {
    run_step(engine, result);
    if (++steps % 500 == 0) {  // Contexts stay near 1,000 tokens.
      state.PauseTiming();
      for (RequestId id = 1; engine.has_work(); ++id) engine.abort(id);
      for (std::int32_t i = 0; i < state.range(0); ++i) {
        (void)engine.submit({.prompt = prompt_of(1000, i)});
      }
      while (engine.stats().queued_prefill_tokens > 0) run_step(engine, result);
      state.ResumeTiming();
    }
  }
}
BENCHMARK(step_of_decoding_sequences)->Arg(1)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond);

// The same with the packing; the slowest of a hundred steps is what the budget is for.
void packed_step_of_decoding_sequences(benchmark::State& state) {
  PackingExecutor device;
  Engine engine(device, {.scheduler = {.step_tokens_max = 8192}});
  for (std::int32_t i = 0; i < state.range(0); ++i) {
    (void)engine.submit({.prompt = prompt_of(1000, i)});
  }
  StepResult result;
  while (engine.stats().queued_prefill_tokens > 0) run_step(engine, result);
  std::vector<double> seconds;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    run_step(engine, result);
    benchmark::DoNotOptimize(device.packed());
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    state.SetIterationTime(seconds.back());
  }
  std::sort(seconds.begin(), seconds.end());
  state.counters["p99_us"] = seconds[seconds.size() * 99 / 100] * 1e6;
}
BENCHMARK(packed_step_of_decoding_sequences)
    ->Arg(256)
    ->Iterations(1000)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// From submit() to the end of the only step of a prompt of which all but the last block is cached.
void cached_prompt(benchmark::State& state) {
  SimExecutor device(device_options(), nullptr);
  Engine engine(device, {.scheduler = {.step_tokens_max = 32'768}});
  const TokenVector prompt = prompt_of(static_cast<std::int32_t>(state.range(0)), 1);
  StepResult result;
  for (auto _ : state) {
    (void)engine.submit({.prompt = prompt, .output_tokens_max = 1});
    while (engine.has_work()) run_step(engine, result);
  }
}
BENCHMARK(cached_prompt)->Arg(1000)->Arg(20'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ringmaster::engine
