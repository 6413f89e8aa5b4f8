// From a chat body to tokens, as gateway and engine do it. Budget: 2 ms for 50 KB on one core.

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "tokens/prompt_encoder.h"

namespace ringmaster {
namespace {

std::string read_fixture(const std::string& name) {
  std::ifstream in(std::string(RINGMASTER_SOURCE_DIR "/tests/fixtures/tokens/") + name,
                   std::ios::binary);
  RINGMASTER_CHECK(in.good());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A conversation of so many bytes, in turns of about 500.
std::string chat_body(std::size_t bytes) {
  const std::string words = "The gateway remembers which engine has seen the prompt before. ";
  std::string content;
  while (content.size() < 440) content += words;
  std::string body = R"({"messages":[{"role":"system","content":"Be brief."})";
  for (std::size_t turn = 0; body.size() < bytes; ++turn) {
    body += R"(,{"role":")";
    body += turn % 2 == 0 ? "user" : "assistant";
    body += R"(","content":")" + content + R"("})";
  }
  return body + "]}";
}

void BM_ChatBody(benchmark::State& state, bool render_only) {
  const std::string json = read_fixture("qwen2_tokenizer.json");
  const std::string source = read_fixture("templates/qwen3.jinja");
  const auto encoder =
      PromptEncoder::create({.tokenizer_json = json, .chat_template_jinja = source});
  RINGMASTER_CHECK(encoder.has_value());
  const std::string body = chat_body(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    if (render_only) {
      benchmark::DoNotOptimize((*encoder)->render_chat(body));
    } else {
      benchmark::DoNotOptimize((*encoder)->encode_chat(body));
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK_CAPTURE(BM_ChatBody, render, true)->Arg(1'000)->Arg(50'000)->Arg(500'000);
BENCHMARK_CAPTURE(BM_ChatBody, encode, false)->Arg(1'000)->Arg(50'000)->Arg(500'000);

}  // namespace
}  // namespace ringmaster
