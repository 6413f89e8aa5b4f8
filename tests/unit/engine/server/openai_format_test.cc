#include "engine/server/openai_format.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "engine/server/kv_event_format.h"
#include "engine/tiny_tokenizer.h"

namespace ringmaster::engine {
namespace {

namespace json = boost::json;

struct OpenAiFormatTest : ::testing::Test {
  std::shared_ptr<const Tokenizer> tokenizer =
      Tokenizer::from_json(
          tokenizer_json(train_tiny_tokenizer(TokenizerStyle::kLlama3, 256 + kTinySpecialTokens)),
          "tokenizer.json")
          .value();

  OpenAiFormat format(CallKind kind) const { return {kind, "id-1", "m", 99, *tokenizer}; }
  TokenId byte_token(char byte) const { return *tokenizer->token_id(std::string_view(&byte, 1)); }
};

json::value data_of(std::string_view event) {
  EXPECT_TRUE(event.starts_with("data: "));
  EXPECT_TRUE(event.ends_with("\n\n"));
  return json::parse(json::string_view(event.data() + 6, event.size() - 8));
}

TEST_F(OpenAiFormatTest, WritesAChatStream) {
  OpenAiFormat chat = format(CallKind::kChat);
  EXPECT_EQ(chat.first_event(),
            "data: {\"id\":\"id-1\",\"object\":\"chat.completion.chunk\",\"created\":99,"
            "\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
            "\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
  EXPECT_EQ(data_of(chat.event({.text = "a\"\n"})).at("choices").at(0),
            json::parse(R"({"index":0,"delta":{"content":"a\"\n"},"logprobs":null,)"
                        R"("finish_reason":null})"));
  EXPECT_EQ(data_of(chat.event({.finish = FinishReason::kLength})).at("choices").at(0),
            json::parse(R"({"index":0,"delta":{},"logprobs":null,"finish_reason":"length"})"));
  EXPECT_EQ(chat.last_events({.prompt_tokens = 5, .output_tokens = 2, .cached_tokens = 4}),
            ": usage {\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7,"
            "\"prompt_tokens_details\":{\"cached_tokens\":4}}\n\ndata: [DONE]\n\n");
}

TEST_F(OpenAiFormatTest, WritesUsageAtTheEndOfAStreamAndNullBefore) {
  OpenAiFormat chat = format(CallKind::kChat);
  chat.include_usage();
  EXPECT_TRUE(data_of(chat.event({.text = "a"})).at("usage").is_null());
  const std::string last =
      chat.last_events({.prompt_tokens = 5, .output_tokens = 2, .cached_tokens = 4});
  ASSERT_TRUE(last.ends_with("data: [DONE]\n\n"));
  const json::value usage_event = data_of(last.substr(0, last.size() - 14));
  EXPECT_TRUE(usage_event.at("choices").as_array().empty());
  EXPECT_EQ(usage_event.at("usage"),
            json::parse(R"({"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,)"
                        R"("prompt_tokens_details":{"cached_tokens":4}})"));
}

TEST_F(OpenAiFormatTest, WritesAWholeCompletion) {
  OpenAiFormat completion = format(CallKind::kCompletion);
  EXPECT_EQ(completion.first_event(), "");
  const json::value body = json::parse(
      completion.body({.text = "xy", .finish = FinishReason::kStop}, {.prompt_tokens = 1}));
  EXPECT_EQ(body.at("object").as_string(), "text_completion");
  EXPECT_EQ(body.at("choices").at(0),
            json::parse(R"({"index":0,"text":"xy","logprobs":null,"finish_reason":"stop"})"));
  EXPECT_EQ(body.at("usage").at("prompt_tokens").as_int64(), 1);
}

TEST_F(OpenAiFormatTest, WritesLogprobsOfChats) {
  OpenAiFormat chat = format(CallKind::kChat);
  chat.include_logprobs();
  const SampledToken sampled{
      .token = byte_token('\xc3'), .logprob = -0.5F, .best = {{byte_token('a'), -0.25F}}};
  const json::value logprobs =
      data_of(chat.event({.text = "", .tokens = {sampled}})).at("choices").at(0).at("logprobs");
  EXPECT_EQ(
      logprobs,
      json::parse("{\"content\":[{\"token\":\"\xef\xbf\xbd\",\"logprob\":-5E-1,\"bytes\":[195],"
                  "\"top_logprobs\":[{\"token\":\"a\",\"logprob\":-2.5E-1,\"bytes\":[97]}]}],"
                  "\"refusal\":null}"));
}

TEST_F(OpenAiFormatTest, WritesLogprobsOfCompletionsWithOffsets) {
  OpenAiFormat completion = format(CallKind::kCompletion);
  completion.include_logprobs();
  const SampledToken a{.token = byte_token('a'), .logprob = -0.5F};
  const json::value choice =
      data_of(completion.event({.text = "aa", .tokens = {a, a}, .offsets = {1, 2}}));
  EXPECT_EQ(choice.at("choices").at(0).at("logprobs").at("text_offset"), json::parse("[1,2]"));
  EXPECT_EQ(choice.at("choices").at(0).at("logprobs").at("tokens"), json::parse(R"(["a","a"])"));
}

TEST_F(OpenAiFormatTest, NamesPartsOfACodePointByTheirBytesInCompletions) {
  OpenAiFormat completion = format(CallKind::kCompletion);
  completion.include_logprobs();
  const SampledToken sampled{.token = byte_token('\xc3'),
                             .best = {{byte_token('\xc3'), -0.25F}, {byte_token('\xa9'), -0.5F}}};
  const json::value logprobs = data_of(completion.event({.tokens = {sampled}, .offsets = {0}}))
                                   .at("choices")
                                   .at(0)
                                   .at("logprobs");
  EXPECT_EQ(logprobs.at("tokens"), json::parse(R"(["bytes:\\xc3"])"));
  EXPECT_EQ(logprobs.at("top_logprobs"),
            json::parse(R"([{"bytes:\\xc3":-2.5E-1,"bytes:\\xa9":-5E-1}])"));
}

TEST(KvEventFormat, WritesHashesHighHalfFirst) {
  const KvEventBatch batch{
      .sequence = 3,
      .events = {{.type = KvEvent::Type::kRemoved, .blocks = {{.low = 1, .high = 0xab}}},
                 {.type = KvEvent::Type::kCleared}}};
  EXPECT_EQ(kv_batch_event(7, batch),
            "data: {\"epoch\":7,\"sequence\":3,\"events\":[{\"type\":\"removed\",\"blocks\":["
            "\"00000000000000ab0000000000000001\"]},{\"type\":\"cleared\",\"blocks\":[]}]}\n\n");
  EXPECT_EQ(kv_snapshot_events(7, 3, {}).at(0),
            "data: {\"epoch\":7,\"sequence\":3,\"events\":[{\"type\":\"snapshot\",\"blocks\":[]}]}"
            "\n\n");
}

TEST(KvEventFormat, NamesTheMediumOfBlocksInHostMemory) {
  const KvEventBatch batch{.sequence = 3,
                           .events = {{.type = KvEvent::Type::kStored,
                                       .medium = KvMedium::kHost,
                                       .blocks = {{.low = 1, .high = 0xab}}}}};
  EXPECT_EQ(
      kv_batch_event(7, batch),
      "data: {\"epoch\":7,\"sequence\":3,\"events\":[{\"type\":\"stored\",\"medium\":\"host\","
      "\"blocks\":[\"00000000000000ab0000000000000001\"]}]}\n\n");
  const std::vector<BlockHash> host{{.low = 2, .high = 0xcd}};
  const auto snapshot = kv_snapshot_events(7, 3, {}, host);
  ASSERT_EQ(snapshot.size(), 2U);
  EXPECT_EQ(snapshot[0],
            "data: {\"epoch\":7,\"sequence\":3,\"events\":[{\"type\":\"snapshot\",\"blocks\":[]}],"
            "\"more\":1}\n\n");
  EXPECT_EQ(
      snapshot[1],
      "data: {\"epoch\":7,\"sequence\":3,\"events\":[{\"type\":\"stored\",\"medium\":\"host\","
      "\"blocks\":[\"00000000000000cd0000000000000002\"]}]}\n\n");
}

}  // namespace
}  // namespace ringmaster::engine
