#include "engine/server/openai_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

using Parsed = tl::expected<OpenAiRequest, RequestFault>;

Parsed chat(std::string fields) {
  return parse_openai_request(
      CallKind::kChat,
      R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + fields + "}");
}

Parsed completion(std::string fields) {
  return parse_openai_request(CallKind::kCompletion, R"({"model":"m")" + fields + "}");
}

std::string message_of(const Parsed& result) {
  return result ? "no error" : result.error().error.message;
}

std::string param_of(const Parsed& result) {
  return result ? "no error" : result.error().param;
}

TEST(OpenAiRequest, HasTheDefaultsOfTheApi) {
  const auto request = chat("");
  ASSERT_TRUE(request) << message_of(request);
  EXPECT_EQ(request->model, "m");
  EXPECT_EQ(request->sampling.temperature, 1.0F);
  EXPECT_EQ(request->sampling.top_p, 1.0F);
  EXPECT_EQ(request->sampling.logprobs, -1);
  EXPECT_EQ(request->output_tokens_max, 0);
  EXPECT_FALSE(request->is_streamed);
  EXPECT_FALSE(request->has_seed);
  EXPECT_EQ(completion(R"(,"prompt":"x")")->output_tokens_max, 0);
}

TEST(OpenAiRequest, ReadsEverySamplingOption) {
  const auto request =
      chat(R"(,"temperature":0,"top_p":0.5,"top_k":7,"min_p":0.25,"seed":-3,"ignore_eos":true,)"
           R"("max_tokens":9,"priority":-2,"cache_salt":"tenant")");
  ASSERT_TRUE(request) << message_of(request);
  EXPECT_EQ(request->sampling.temperature, 0.0F);
  EXPECT_EQ(request->sampling.top_p, 0.5F);
  EXPECT_EQ(request->sampling.top_k, 7);
  EXPECT_EQ(request->sampling.min_p, 0.25F);
  EXPECT_EQ(request->sampling.seed, static_cast<std::uint64_t>(-3));
  EXPECT_TRUE(request->has_seed);
  EXPECT_TRUE(request->ignores_end_tokens);
  EXPECT_EQ(request->output_tokens_max, 9);
  EXPECT_EQ(request->priority, -2);
  EXPECT_EQ(request->cache_salt, "tenant");
}

TEST(OpenAiRequest, TakesNullForAnyOption) {
  const auto request = chat(
      R"(,"temperature":null,"stop":null,"stream_options":null,"seed":null,"n":null,"logprobs":null)");
  ASSERT_TRUE(request) << message_of(request);
  EXPECT_EQ(request->sampling.temperature, 1.0F);
}

TEST(OpenAiRequest, PrefersMaxCompletionTokensInChats) {
  EXPECT_EQ(chat(R"(,"max_tokens":9,"max_completion_tokens":4)")->output_tokens_max, 4);
}

TEST(OpenAiRequest, ReadsStopAsAStringOrAList) {
  EXPECT_EQ(chat(R"(,"stop":"END")")->stop, std::vector<std::string>{"END"});
  EXPECT_EQ(chat(R"(,"stop":["a","b"])")->stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(message_of(chat(R"(,"stop":["a",""])")), "stop[1]: must have 1 to 1024 bytes");
  EXPECT_EQ(message_of(chat(R"(,"stop":["","","","","","","","","","","","","","","","",""])")),
            "stop: may have at most 16 strings");
}

TEST(OpenAiRequest, ReadsPromptsAsTextOrTokens) {
  EXPECT_EQ(std::get<std::string>(completion(R"(,"prompt":"x")")->prompt), "x");
  EXPECT_EQ(std::get<std::string>(completion(R"(,"prompt":["x"])")->prompt), "x");
  EXPECT_EQ(std::get<TokenVector>(completion(R"(,"prompt":[1,2])")->prompt), (TokenVector{1, 2}));
  EXPECT_EQ(std::get<TokenVector>(completion(R"(,"prompt":[[1,2]])")->prompt), (TokenVector{1, 2}));
  EXPECT_EQ(message_of(completion(R"(,"prompt":["x","y"])")),
            "prompt: may hold only one prompt: send one request for each");
  EXPECT_EQ(message_of(completion("")), "prompt: is missing");
  EXPECT_EQ(message_of(completion(R"(,"prompt":[1,-2])")),
            "prompt[1]: must be an integer in [0, 2147483647]");
  EXPECT_EQ(message_of(completion(R"(,"prompt":[[1,"2"]])")),
            "prompt[0][1]: must be an integer in [0, 2147483647]");
  EXPECT_EQ(message_of(completion(R"(,"prompt":[["x"]])")),
            "prompt[0][0]: must be an integer in [0, 2147483647]");
}

TEST(OpenAiRequest, ReadsLogprobsInBothForms) {
  EXPECT_EQ(chat(R"(,"logprobs":true)")->sampling.logprobs, 0);
  EXPECT_EQ(chat(R"(,"logprobs":true,"top_logprobs":5)")->sampling.logprobs, 5);
  EXPECT_EQ(completion(R"(,"prompt":"x","logprobs":3)")->sampling.logprobs, 3);
  EXPECT_EQ(message_of(chat(R"(,"top_logprobs":5)")),
            "top_logprobs: needs logprobs: true beside it");
  EXPECT_EQ(message_of(chat(R"(,"logprobs":true,"top_logprobs":21)")),
            "top_logprobs: must be an integer in [0, 20]");
}

TEST(OpenAiRequest, ReadsStreamOptions) {
  const auto request = chat(R"(,"stream":true,"stream_options":{"include_usage":true})");
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->is_streamed);
  EXPECT_TRUE(request->includes_usage);
  EXPECT_EQ(message_of(chat(R"(,"stream_options":{"include_usage":true})")),
            "stream_options: needs stream: true beside it");
}

TEST(OpenAiRequest, SaysWhereBadJsonIsBad) {
  const auto request = parse_openai_request(CallKind::kChat, "{\"model\": \"m\",\n  \"a\": tru}");
  ASSERT_FALSE(request);
  EXPECT_NE(message_of(request).find("at line 2, column 8 (byte 22 of 26)"), std::string::npos)
      << message_of(request);
}

TEST(OpenAiRequest, NamesTheKeyAndWhatWasExpected) {
  EXPECT_EQ(message_of(chat(R"(,"temperature":3)")), "temperature: must be a number from 0 to 2");
  EXPECT_EQ(message_of(chat(R"(,"temperature":"hot")")),
            "temperature: must be a number from 0 to 2");
  EXPECT_EQ(message_of(chat(R"(,"max_tokens":0)")),
            "max_tokens: must be an integer in [1, 2147483647]");
  EXPECT_EQ(message_of(chat(R"(,"stream":"yes")")), "stream: must be true or false, is a string");
  EXPECT_EQ(message_of(parse_openai_request(CallKind::kChat, R"({"messages":[]})")),
            "model: is missing");
  EXPECT_EQ(message_of(parse_openai_request(CallKind::kChat, R"({"model":"m","messages":1})")),
            "messages: must be an array, is a number");
  EXPECT_EQ(message_of(parse_openai_request(CallKind::kChat, "[]")),
            "the body must be a JSON object");
}

TEST(OpenAiRequest, TellsTheFieldAtFaultByItsPath) {
  EXPECT_EQ(param_of(chat(R"(,"temperature":3)")), "temperature");
  EXPECT_EQ(param_of(chat(R"(,"stop":["a",""])")), "stop[1]");
  EXPECT_EQ(param_of(chat(R"(,"response_format":{"type":"json_object"})")), "response_format.type");
  EXPECT_EQ(param_of(completion("")), "prompt");
  EXPECT_EQ(param_of(parse_openai_request(
                CallKind::kChat, R"({"model":"m","messages":[{"role":"user","content":7}]})")),
            "messages[0].content");
}

TEST(OpenAiRequest, BlamesNoFieldForWhatIsNoObject) {
  EXPECT_EQ(param_of(parse_openai_request(CallKind::kChat, "[]")), "");
  EXPECT_EQ(param_of(parse_openai_request(CallKind::kChat, "{")), "");
}

TEST(OpenAiRequest, SaysWhichFieldLimitsTheOutput) {
  EXPECT_EQ(chat(R"(,"max_tokens":9)")->output_limit, "max_tokens");
  EXPECT_EQ(chat(R"(,"max_tokens":9,"max_completion_tokens":4)")->output_limit,
            "max_completion_tokens");
}

TEST(OpenAiRequest, RefusesWhatWouldChangeTheAnswerUnseen) {
  EXPECT_EQ(message_of(chat(R"(,"n":2)")), "n: is not supported: expected 1 or nothing");
  EXPECT_EQ(message_of(completion(R"(,"prompt":"x","echo":true)")),
            "echo: is not supported: expected false");
  EXPECT_EQ(message_of(chat(R"(,"presence_penalty":0.5)")),
            "presence_penalty: is not supported: expected 0 or nothing");
  EXPECT_EQ(message_of(chat(R"(,"logit_bias":{"5":1})")),
            "logit_bias: is not supported: leave it out");
  EXPECT_EQ(message_of(chat(R"(,"response_format":{"type":"json_object"})")),
            "response_format.type: is not supported: expected \"text\"");
  EXPECT_TRUE(chat(R"(,"n":1,"presence_penalty":0,"logit_bias":{},"user":"u","metadata":{"a":1})"));
  EXPECT_EQ(message_of(completion(R"(,"prompt":"x","max_completion_tokens":5)")),
            "max_completion_tokens: is for chats: expected max_tokens");
  EXPECT_EQ(message_of(chat(R"(,"skip_special_tokens":false)")),
            "skip_special_tokens: is not supported: expected true");
  EXPECT_EQ(message_of(chat(R"(,"modalities":["text","audio"])")),
            "modalities[1]: is not supported: expected \"text\"");
}

TEST(OpenAiRequest, RefusesWhatOtherEnginesHaveAndThisOneHasNot) {
  for (const char* field :
       {R"("stop_token_ids":[1])", R"("structured_outputs":{"regex":"a"})",
        R"("guided_choice":["a"])", R"("include_stop_str_in_output":true)",
        R"("prompt_logprobs":0)", R"("functions":[{"name":"f"}])", R"("chat_template":"x")"}) {
    EXPECT_THAT(message_of(chat(std::string(",") + field)),
                testing::EndsWith(": is not supported: leave it out"))
        << field;
  }
  EXPECT_TRUE(
      chat(R"(,"stop_token_ids":[],"guided_json":null,"include_stop_str_in_output":false)"));
}

TEST(OpenAiRequest, RefusesToPromiseACallOfAFunction) {
  EXPECT_TRUE(chat(R"(,"tool_choice":"auto")"));
  EXPECT_TRUE(chat(R"(,"tool_choice":"none")"));
  for (const char* choice : {R"("required")", R"({"type":"function","function":{"name":"f"}})"}) {
    EXPECT_EQ(message_of(chat(std::string(R"(,"tool_choice":)") + choice)),
              "tool_choice: is not supported: expected \"auto\" or \"none\"");
  }
}

TEST(OpenAiRequest, SaysAllThatWasExpectedWhereAFieldMayBeEither) {
  EXPECT_EQ(message_of(chat(R"(,"stop":5)")),
            "stop: must be a string or an array of strings, is a number");
  EXPECT_EQ(message_of(completion(R"(,"prompt":5)")),
            "prompt: must be a string or an array of token ids, is a number");
  EXPECT_EQ(message_of(chat(R"(,"stream":true,"stream_options":5)")),
            "stream_options: must be an object, is a number");
}

}  // namespace
}  // namespace ringmaster::engine
