#include "engine_adapters/openai_answer.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(OpenAiAnswer, SeesNoOutputInTheRoleChunk) {
  OpenAiAnswer answer;
  const auto event = answer.read_event(
      R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})");
  EXPECT_FALSE(event.has_output);
  EXPECT_EQ(answer.output_events(), 0);
}

TEST(OpenAiAnswer, SeesOutputInContentReasoningAndToolCalls) {
  OpenAiAnswer answer;
  EXPECT_TRUE(answer.read_event(R"({"choices":[{"delta":{"content":"Hi"}}]})").has_output);
  OpenAiAnswer reasoning;
  EXPECT_TRUE(reasoning.read_event(R"({"choices":[{"delta":{"reasoning":"so"}}]})").has_output);
  OpenAiAnswer tools;
  EXPECT_TRUE(
      tools.read_event(R"({"choices":[{"delta":{"tool_calls":[{"index":0}]}}]})").has_output);
  OpenAiAnswer text;
  EXPECT_TRUE(text.read_event(R"({"choices":[{"text":"x"}]})").has_output);
}

TEST(OpenAiAnswer, CountsEventsWithOutput) {
  OpenAiAnswer answer;
  answer.read_event(R"({"choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":null})");
  answer.read_event(R"({"choices":[{"delta":{"content":"b"},"finish_reason":null}],"usage":null})");
  answer.read_event(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
  EXPECT_EQ(answer.output_events(), 2);
}

TEST(OpenAiAnswer, ReadsUsageWithCachedTokens) {
  OpenAiAnswer answer;
  answer.read_event(R"({"choices":[{"delta":{"content":"a"}}]})");
  answer.read_event(
      R"({"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":7,"total_tokens":47,)"
      R"("prompt_tokens_details":{"cached_tokens":32}}})");
  EXPECT_EQ(answer.usage().prompt_tokens, 40);
  EXPECT_EQ(answer.usage().output_tokens, 7);
  EXPECT_EQ(answer.usage().cached_tokens, 32);
}

TEST(OpenAiAnswer, ReadsUsageThatOnlyACommentStates) {
  OpenAiAnswer answer;
  answer.read_event(R"({"choices":[{"delta":{"content":"two words"}}]})");
  answer.read_comment(": still here\n\n");
  EXPECT_FALSE(answer.usage().output_tokens.has_value());
  answer.read_comment(
      ": usage {\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7,"
      "\"prompt_tokens_details\":{\"cached_tokens\":4}}\n\n");
  EXPECT_EQ(answer.usage().output_tokens, 2);
  EXPECT_EQ(answer.usage().cached_tokens, 4);
  answer.read_comment(": usage {\"completion_tokens\":\n\n");
}

TEST(OpenAiAnswer, LeavesCachedTokensAbsentWhereTheEngineDoesNotSay) {
  OpenAiAnswer answer;
  answer.read_body(R"({"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":4,)"
                   R"("completion_tokens":1,"prompt_tokens_details":null}})");
  EXPECT_EQ(answer.usage().prompt_tokens, 4);
  EXPECT_FALSE(answer.usage().cached_tokens.has_value());
}

TEST(OpenAiAnswer, KnowsTheEndAnErrorAndAnAbort) {
  OpenAiAnswer answer;
  EXPECT_TRUE(answer.read_event("[DONE]").is_end);
  EXPECT_TRUE(answer.read_event(R"({"error":{"message":"lost"}})").is_error);
  EXPECT_TRUE(answer.read_event(R"({"choices":[{"text":"","finish_reason": "abort"}]})").is_abort);
}

TEST(OpenAiAnswer, IsNotMisledByTextThatLooksLikeAField) {
  OpenAiAnswer answer;
  answer.read_event(R"({"choices":[{"text":"x"}]})");
  const auto event =
      answer.read_event(R"({"choices":[{"text":"\"error\":{} \"finish_reason\":\"abort\""}]})");
  EXPECT_TRUE(event.has_output);
  EXPECT_FALSE(event.is_error);
  EXPECT_FALSE(event.is_abort);
}

TEST(OpenAiAnswer, TakesGarbageAsAnEventThatSaysNothing) {
  OpenAiAnswer answer;
  const auto event = answer.read_event("{not json");
  EXPECT_FALSE(event.has_output);
  EXPECT_FALSE(event.is_end);
}

TEST(OpenAiAnswer, TellsAnEventThatCarriesNothingButTheUsage) {
  OpenAiAnswer answer;
  EXPECT_TRUE(answer.read_event(R"({"choices":[],"usage":{"prompt_tokens":3}})").is_usage);
  EXPECT_FALSE(
      answer.read_event(R"({"choices":[{"delta":{}}],"usage":{"prompt_tokens":3}})").is_usage);
  EXPECT_FALSE(answer.read_event(R"({"choices":[],"usage":null})").is_usage);
  EXPECT_FALSE(answer.read_event(R"({"usage":{"prompt_tokens":3}})").is_usage);
}

}  // namespace
}  // namespace ringmaster
