// The CPU device against an independent float64 forward pass (tests/oracle/reference_forward.py),
// whose results are in tests/golden/logits; tests/oracle/make_logit_fixtures.py writes them.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "engine/cpu/cpu_model.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

namespace json = boost::json;

constexpr std::int32_t kBlockTokens = 16;
// Both round to f32 after each operation; measured: at most 4e-6 of the logits' root mean square.
constexpr double kToleranceOfRms = 1e-5;

struct Fixture {
  TinyModelOptions model;
  std::vector<TokenId> prompt;
  std::vector<std::int32_t> positions;
  std::size_t vocabulary_stride = 0;
  std::vector<double> rms;
  std::vector<TokenId> best;
  std::vector<std::vector<double>> logits;
};

Fixture read_fixture(const std::string& name) {
  std::ifstream in(std::string(RINGMASTER_SOURCE_DIR "/tests/golden/logits/") + name + ".json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto root = json::parse(text).as_object();
  Fixture fixture;
  fixture.model.shape = *parse_tiny_shape(std::string_view(root.at("shape").as_string()));
  fixture.model.dtype = root.at("dtype").as_string() == "f32" ? DType::kF32 : DType::kBf16;
  if (const auto* scaling = root.at("rope_scaling").if_object()) {
    const bool is_yarn = scaling->at("rope_type").as_string() == "yarn";
    fixture.model.rope_scaling = RopeScaling{
        .kind = is_yarn ? RopeScalingKind::kYarn : RopeScalingKind::kLinear,
        .factor = scaling->at("factor").as_double(),
        .original_context_tokens =
            is_yarn ? scaling->at("original_max_position_embeddings").to_number<std::int32_t>()
                    : 0};
  }
  fixture.prompt = json::value_to<std::vector<TokenId>>(root.at("prompt"));
  fixture.positions = json::value_to<std::vector<std::int32_t>>(root.at("positions"));
  fixture.vocabulary_stride = root.at("vocabulary_stride").to_number<std::size_t>();
  fixture.rms = json::value_to<std::vector<double>>(root.at("rms"));
  fixture.best = json::value_to<std::vector<TokenId>>(root.at("best"));
  fixture.logits = json::value_to<std::vector<std::vector<double>>>(root.at("logits"));
  return fixture;
}

/// A step of one sequence: tokens [begin, end) of the prompt, sampled at the last.
StepInput prefill_step(const std::vector<TokenId>& prompt, std::int32_t begin, std::int32_t end) {
  StepInput step;
  step.tokens.assign(prompt.begin() + begin, prompt.begin() + end);
  for (std::int32_t position = begin; position < end; ++position)
    step.positions.push_back(position);
  const std::int32_t blocks = (end + kBlockTokens - 1) / kBlockTokens;
  for (std::int32_t i = 0; i < blocks; ++i) step.block_tables.push_back(15 - i);
  step.sequences.push_back(
      {.query_tokens = end - begin, .context_tokens = end, .block_count = blocks, .sample_row = 0});
  step.sampling.push_back({});
  return step;
}

class ReferenceLogits : public testing::TestWithParam<const char*> {};

TEST_P(ReferenceLogits, AreMetByEveryInstructionSet) {
  const Fixture fixture = read_fixture(GetParam());
  const auto model = load_tiny_model(fixture.model);
  for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512}) {
    if (!parse_isa(isa_name(isa))) continue;  // Not on this processor.
    SCOPED_TRACE(isa_name(isa));
    ThreadPool pool(1);
    CpuModel forward(model, isa, pool);
    KvCache cache(model->config, kBlockTokens, 16);
    double worst = 0.0;
    std::int32_t begin = 0;
    for (std::size_t i = 0; i < fixture.positions.size(); ++i) {
      const std::int32_t end = fixture.positions[i] + 1;
      const auto logits = forward.forward(prefill_step(fixture.prompt, begin, end), cache);
      begin = end;
      for (std::size_t j = 0; j < fixture.logits[i].size(); ++j) {
        const double difference = logits[j * fixture.vocabulary_stride] - fixture.logits[i][j];
        worst = std::max(worst, std::abs(difference) / fixture.rms[i]);
      }
      EXPECT_EQ(std::max_element(logits.begin(), logits.end()) - logits.begin(), fixture.best[i]);
    }
    EXPECT_LE(worst, kToleranceOfRms);
    RecordProperty(std::string(isa_name(isa)), std::to_string(worst));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ReferenceLogits,
                         testing::Values("llama", "llama_f32", "llama_linear", "llama_yarn",
                                         "qwen2", "qwen3"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace ringmaster::engine
