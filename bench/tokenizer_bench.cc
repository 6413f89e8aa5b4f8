// Encoding of English text and of a long piece. Budget: 20 MB/s of text per core.

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "tokens/detokenizer.h"
#include "tokens/text_splitter.h"
#include "tokens/tokenizer.h"

namespace ringmaster {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(std::string(RINGMASTER_SOURCE_DIR "/tests/") + path, std::ios::binary);
  RINGMASTER_CHECK(in.good());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::shared_ptr<const Tokenizer> load(const std::string& name) {
  auto tokenizer =
      Tokenizer::from_json(read_file("fixtures/tokens/" + name + "_tokenizer.json"), name);
  RINGMASTER_CHECK(tokenizer.has_value());
  return *tokenizer;
}

/// The text that the fixtures' vocabularies were trained on, many times.
std::string sample_text() {
  const std::string once = read_file("oracle/training_text.txt");
  std::string text;
  while (text.size() < 256 * 1024) text += once;
  return text;
}

void BM_EncodeText(benchmark::State& state, const std::string& name) {
  const auto tokenizer = load(name);
  const std::string text = sample_text();
  std::size_t tokens = 0;
  for (auto _ : state) tokens += tokenizer->encode(text).size();
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(tokens), benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(BM_EncodeText, llama3, std::string("llama3"));
BENCHMARK_CAPTURE(BM_EncodeText, qwen2, std::string("qwen2"));

void BM_EncodeOnePiece(benchmark::State& state) {
  const auto tokenizer = load("qwen2");
  std::string text;
  while (text.size() < static_cast<std::size_t>(state.range(0))) text += "thecapitalofFrance";
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->encode(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_EncodeOnePiece)->Arg(32)->Arg(1024)->Arg(1 << 20);

void BM_SplitText(benchmark::State& state, bool by_regex) {
  const std::string text = sample_text();
  const auto splitter = by_regex ? make_regex_splitter(kLlama3Pattern, GapRule::kKeep)
                                 : make_splitter(kLlama3Pattern, GapRule::kKeep);
  std::vector<std::string_view> pieces;
  for (auto _ : state) {
    pieces.clear();
    (*splitter)->split(text, pieces);
    benchmark::DoNotOptimize(pieces.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(BM_SplitText, scanner, false);
BENCHMARK_CAPTURE(BM_SplitText, regex, true);

void BM_Detokenize(benchmark::State& state) {
  const auto tokenizer = load("llama3");
  const auto tokens = tokenizer->encode(sample_text());
  Detokenizer detokenizer(*tokenizer);
  for (auto _ : state) {
    for (const TokenId token : tokens) benchmark::DoNotOptimize(detokenizer.push(token));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tokens.size()));
}
BENCHMARK(BM_Detokenize);

}  // namespace
}  // namespace ringmaster
