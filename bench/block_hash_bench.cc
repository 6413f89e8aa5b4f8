// Hashing the chain of a 20,000-token prompt. Budget: 1 G tokens/s at 16 tokens a block.

#include <cstdint>

#include <benchmark/benchmark.h>

#include "base/random.h"
#include "tokens/block_hash.h"

namespace ringmaster {
namespace {

void BM_ChainTokens(benchmark::State& state) {
  Random random(42);  // Fixed, so that runs compare.
  TokenVector tokens(20'000);
  for (auto& token : tokens) token = static_cast<TokenId>(random.below(150'000));
  const auto seed = chain_seed({.model = "bench"});
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        chain_tokens(seed, tokens, static_cast<std::uint32_t>(state.range(0))));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tokens.size()));
}
BENCHMARK(BM_ChainTokens)->Arg(16)->Arg(32)->Arg(64)->Arg(256);

}  // namespace
}  // namespace ringmaster
