// Tiny models with the real tokenizer: what they read and write is text.

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "engine/cpu/cpu_executor.h"
#include "engine/engine.h"
#include "tests/support/tiny_model_folder.h"
#include "tokens/prompt_encoder.h"
#include "tokens/tokenizer.h"

namespace ringmaster::engine {
namespace {

class TinyModelText : public testing::TestWithParam<TinyShape> {
 protected:
  TinyModelText() {
    const auto json = make_tiny_model({.shape = GetParam()})[3].bytes;
    tokenizer_ = Tokenizer::from_json(json, "tokenizer.json").value();
  }

  [[nodiscard]] TokenVector generate(const SamplingOptions& sampling) const {
    const auto executor =
        make_cpu_executor(load_tiny_model({.shape = GetParam()}), {.block_count = 64, .threads = 1})
            .value();
    Engine engine(*executor, {});
    EXPECT_TRUE(
        engine.submit({.prompt = tokenizer_->encode("The river looks for the easiest step", {}),
                       .sampling = sampling,
                       .output_tokens_max = 150,
                       .ignores_end_tokens = true}));
    TokenVector output;
    while (engine.has_work()) {
      StepResult result;
      engine.begin_step();
      engine.end_step(result);
      for (const OutputEvent& event : result.outputs) output.push_back(event.token.token);
    }
    return output;
  }

  std::shared_ptr<const Tokenizer> tokenizer_;
};

TEST_P(TinyModelText, IsEncodedAndDecodedWithoutLoss) {
  const std::string text =
      "The garden of the north: 1024 roses, \"Brücke\", 你好 🚀\n\n  def f(x):\n";
  const TokenVector tokens = tokenizer_->encode(text, {});
  EXPECT_LT(tokens.size(), text.size());
  EXPECT_EQ(tokenizer_->decode(tokens), text);
}

TEST_P(TinyModelText, HasTheVocabularyOfTheModel) {
  EXPECT_EQ(tokenizer_->vocabulary_size(), 512);
}

TEST_P(TinyModelText, IsMostlyReadable) {
  const std::string text = tokenizer_->decode(generate({.temperature = 0.8F, .seed = 1}));
  RecordProperty("text", text);
  const auto readable = std::count_if(text.begin(), text.end(),
                                      [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
  EXPECT_GT(static_cast<double>(readable), 0.9 * static_cast<double>(text.size()));
}

TEST_P(TinyModelText, DoesNotRepeatItselfAtOnce) {
  const TokenVector output = generate({.temperature = 0.0F});
  RecordProperty("text", tokenizer_->decode(output));
  EXPECT_GT(std::set<TokenId>(output.begin(), output.end()).size(), 30U);
}

std::string chat_of(TinyShape shape) {
  const auto files = make_tiny_model({.shape = shape});
  const auto encoder = PromptEncoder::create(
      {.tokenizer_json = files[3].bytes, .tokenizer_config_json = files[4].bytes});
  EXPECT_TRUE(encoder) << encoder.error().message;
  const auto tokens = (*encoder)->encode_chat(
      R"({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi <|im_end|>"}]})");
  EXPECT_TRUE(tokens) << tokens.error().message;
  EXPECT_TRUE((*encoder)->tokenizer().is_special(tokens->front()));
  return (*encoder)->tokenizer().decode(*tokens, false);
}

TEST(TinyModelChat, HasTheLlama3Form) {
  EXPECT_EQ(chat_of(TinyShape::kTinyLlama),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nHi <|im_end|><|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

TEST(TinyModelChat, HasTheChatMlForm) {
  EXPECT_EQ(chat_of(TinyShape::kTinyQwen3),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi <|im_end|><|im_end|>\n"
            "<|im_start|>assistant\n");
}

INSTANTIATE_TEST_SUITE_P(Shapes, TinyModelText,
                         testing::Values(TinyShape::kTinyLlama, TinyShape::kTinyQwen2,
                                         TinyShape::kTinyQwen3));

}  // namespace
}  // namespace ringmaster::engine
