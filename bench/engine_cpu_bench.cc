// Steps of the CPU device. Budget: 100 us per decode step of a tiny model, one thread.
//
// Each line is one shape of step: decode of `batch` sequences with `context` tokens, or prefill of
// `batch` tokens after `context`. items_per_second is tokens per second.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include "engine/cpu/cpu_executor.h"
#include "engine/tiny_model.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kBlockTokens = 16;

std::shared_ptr<const LoadedModel> load(TinyShape shape) {
  std::string folder =
      (std::filesystem::temp_directory_path() / "ringmaster_bench_XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return nullptr;
  for (const ModelFile& file : make_tiny_model({.shape = shape})) {
    std::ofstream(folder + "/" + file.name, std::ios::binary) << file.bytes;
  }
  auto model = load_model_folder(folder);
  std::filesystem::remove_all(folder);  // What is mapped stays readable.
  return model ? *std::move(model) : nullptr;
}

/// Sequences with blocks of their own, each of `query` tokens after `context`, all sampled
/// greedily.
StepInput make_step(std::int32_t sequences, std::int32_t query, std::int32_t context) {
  StepInput step;
  const std::int32_t blocks = (context + query + kBlockTokens - 1) / kBlockTokens;
  for (std::int32_t s = 0; s < sequences; ++s) {
    step.sequences.push_back({.slot = s,
                              .query_start = s * query,
                              .query_tokens = query,
                              .context_tokens = context + query,
                              .block_table_start = s * blocks,
                              .block_count = blocks,
                              .sample_row = s});
    for (std::int32_t i = 0; i < blocks; ++i) step.block_tables.push_back(s * blocks + i);
    for (std::int32_t i = 0; i < query; ++i) {
      step.tokens.push_back((s * 31 + i * 7) % 256);
      step.positions.push_back(context + i);
    }
    step.sampling.push_back({.options = {.temperature = 0.0F}});
  }
  return step;
}

void run_steps(benchmark::State& state, TinyShape shape, const StepInput& step) {
  const auto model = load(shape);
  auto executor =
      model ? make_cpu_executor(model,
                                {.block_tokens = kBlockTokens, .block_count = 8192, .threads = 1})
            : tl::unexpected(Error{.message = "cannot make the model"});
  if (!executor) return state.SkipWithError(executor.error().message.c_str());
  StepOutput output;
  for (auto _ : state) {
    (*executor)->submit(step);
    if (!(*executor)->wait(output)) return state.SkipWithError("step failed");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(step.tokens.size()));
}

void BM_TinyDecode(benchmark::State& state) {
  run_steps(state, TinyShape::kTinyLlama,
            make_step(static_cast<std::int32_t>(state.range(0)), 1,
                      static_cast<std::int32_t>(state.range(1))));
}
BENCHMARK(BM_TinyDecode)
    ->ArgNames({"batch", "context"})
    ->Args({1, 64})
    ->Args({1, 1024})
    ->Args({8, 256})
    ->Args({64, 256});

void BM_TinyPrefill(benchmark::State& state) {
  run_steps(state, TinyShape::kTinyLlama,
            make_step(1, static_cast<std::int32_t>(state.range(0)),
                      static_cast<std::int32_t>(state.range(1))));
}
BENCHMARK(BM_TinyPrefill)
    ->ArgNames({"tokens", "context"})
    ->Args({64, 0})
    ->Args({512, 0})
    ->Args({512, 2048});

void BM_ToyDecode(benchmark::State& state) {
  run_steps(state, TinyShape::kToy, make_step(static_cast<std::int32_t>(state.range(0)), 1, 256));
}
BENCHMARK(BM_ToyDecode)
    ->ArgNames({"batch"})
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->Unit(benchmark::kMillisecond);

void BM_ToyPrefill(benchmark::State& state) {
  run_steps(state, TinyShape::kToy, make_step(1, static_cast<std::int32_t>(state.range(0)), 0));
}
BENCHMARK(BM_ToyPrefill)->ArgNames({"tokens"})->Arg(512)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ringmaster::engine
