#include "router/openai_request.h"

#include <string>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

class Scan : public ::testing::Test {
 protected:
  OpenAiRequest scan(std::string body) { return scanner.scan(body).value(); }
  std::string problem(std::string body) {
    const auto scanned = scanner.scan(body);
    return scanned ? "none" : scanned.error().message;
  }
  std::string canonical(std::string body) {
    scan(std::move(body));
    return std::string(scanner.canonical_prompt());
  }

  RequestScanner scanner;
};

TEST_F(Scan, ReadsTheFieldsThatMatter) {
  const auto request =
      scan(R"({"temperature":0.5,"model":"m","stream":true,"max_tokens":7,"user":"u",)"
           R"("cache_salt":"s","priority":-3,"messages":[]})");
  EXPECT_EQ(request.model, "m");
  EXPECT_TRUE(request.stream);
  EXPECT_EQ(request.output_tokens_max, 7);
  EXPECT_EQ(request.user, "u");
  EXPECT_EQ(request.cache_salt, "s");
  EXPECT_EQ(request.priority, -3);
  EXPECT_EQ(request.prompt, PromptKind::kMessages);
}

TEST_F(Scan, TakesNullForAbsent) {
  const auto request = scan(R"({"model":null,"stream":null,"user":null,"max_tokens":null})");
  EXPECT_EQ(request.model, "");
  EXPECT_FALSE(request.stream);
  EXPECT_FALSE(request.output_tokens_max.has_value());
  EXPECT_EQ(request.prompt, PromptKind::kNone);
}

TEST_F(Scan, LeavesTheBodyAsItIs) {
  std::string body = " {\"model\" :\"m\"}\n";
  const auto before = body;
  ASSERT_TRUE(scanner.scan(body));
  EXPECT_EQ(body, before);
}

TEST_F(Scan, RefusesAFieldGivenTwice) {
  EXPECT_EQ(problem(R"({"model":"a","model":"b"})"), "\"model\" is given twice");
  EXPECT_EQ(problem(R"({"stream":true,"x":1,"stream":false})"), "\"stream\" is given twice");
  EXPECT_EQ(problem(R"({"model":"a","mod\u0065l":"b"})"), "\"model\" is given twice");
}

TEST_F(Scan, TellsTheFieldAtFault) {
  EXPECT_NE(problem(R"({"model":7})"), "none");
  EXPECT_EQ(scanner.fault_field(), "model");
  EXPECT_NE(problem(R"({"model":"m","messages":[7]})"), "none");
  EXPECT_EQ(scanner.fault_field(), "messages");
  EXPECT_NE(problem(R"({"stream":true,"stream":true})"), "none");
  EXPECT_EQ(scanner.fault_field(), "stream");
}

TEST_F(Scan, BlamesNoFieldForWhatIsNoJson) {
  EXPECT_NE(problem(R"({"model":7})"), "none");
  EXPECT_NE(problem(R"({"messages":[}]})"), "none");
  EXPECT_EQ(scanner.fault_field(), "");
}

TEST_F(Scan, SaysWhatWasExpected) {
  EXPECT_EQ(problem(R"({"model":7})"), "\"model\" must be a string");
  EXPECT_EQ(problem(R"({"stream":"yes"})"), "\"stream\" must be true or false");
  EXPECT_EQ(problem(R"({"messages":"hi"})"), "\"messages\" must be a list");
  EXPECT_EQ(problem(R"({"messages":["hi"]})"), "\"messages\" must be a list of objects");
  EXPECT_EQ(problem(R"([1])"), "the body must be a JSON object");
  EXPECT_EQ(problem(R"({"model":"m"} {})"), "the body has text behind its JSON object");
  EXPECT_EQ(problem("").find("the body is not valid JSON"), 0U);
  EXPECT_EQ(problem(R"({"model":"m")"),
            "the body is not valid JSON: its object does not end, or text follows it");
  EXPECT_EQ(problem(R"({"model":"m"} x)"),
            "the body is not valid JSON: its object does not end, or text follows it");
}

TEST_F(Scan, TellsWhetherTheRequestHasStreamOptions) {
  EXPECT_FALSE(scan(R"({"model":"m","stream":true})").has_stream_options);
  EXPECT_TRUE(scan(R"({"model":"m","stream_options":{"x":1}})").has_stream_options);
  EXPECT_TRUE(scan(R"({"model":"m","stream_options":null})").has_stream_options);
}

TEST_F(Scan, LeavesALimitThatIsNoCountToTheEngine) {
  EXPECT_FALSE(scan(R"({"model":"m","max_tokens":"many"})").output_tokens_max.has_value());
}

TEST_F(Scan, HasOneFormForEqualMessages) {
  const auto plain = canonical(R"({"messages":[{"role":"user","content":"h\u00e9 there"}]})");
  EXPECT_EQ(
      canonical("{ \"messages\" : [\n{\"content\":\"h\xc3\xa9 there\" , \"role\":\"user\"} ] }"),
      plain);
  EXPECT_EQ(canonical(R"({"messages":[{"role":"user","content":[{"type":"text","text":"h)"
                      "\xc3\xa9"
                      R"( there"}]}]})"),
            plain);
}

TEST_F(Scan, KeepsMessagesAndRolesApart) {
  const auto one = canonical(R"({"messages":[{"role":"user","content":"ab"}]})");
  EXPECT_NE(
      canonical(R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]})"),
      one);
  EXPECT_NE(canonical(R"({"messages":[{"role":"system","content":"ab"}]})"), one);
}

TEST_F(Scan, ExtendsThePromptOfTheTurnBefore) {
  const auto first = canonical(R"({"messages":[{"role":"user","content":"a"}]})");
  const auto second = canonical(
      R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})");
  EXPECT_EQ(second.substr(0, first.size()), first);
}

TEST_F(Scan, PutsToolsFirstWhereverTheyStand) {
  const auto before =
      canonical(R"({"tools":[{"x":1}],"messages":[{"role":"user","content":"a"}]})");
  const auto behind =
      canonical(R"({"messages":[{"role":"user","content":"a"}],"tools":[{"x":1}]})");
  EXPECT_EQ(before, behind);
  EXPECT_NE(before, canonical(R"({"messages":[{"role":"user","content":"a"}]})"));
}

TEST_F(Scan, CountsAnImageByItsHash) {
  const std::string image(100'000, 'A');
  const auto text = canonical(
      R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" + image +
      R"("}}]}]})");
  EXPECT_LT(text.size(), 64U);
}

TEST_F(Scan, ReadsAPromptAsTextOrAsTokens) {
  EXPECT_EQ(scan(R"({"model":"m","prompt":"abc"})").prompt, PromptKind::kText);
  EXPECT_EQ(scanner.prompt_text(), "abc");
  EXPECT_EQ(scan(R"({"model":"m","prompt":[5,6,7]})").prompt, PromptKind::kTokens);
  EXPECT_EQ(scanner.prompt_tokens().size(), 3U);
  EXPECT_EQ(scan(R"({"model":"m","prompt":["a","b"]})").prompt, PromptKind::kText);
  EXPECT_EQ(scanner.prompt_text(), "");
  EXPECT_EQ(scan(R"({"model":"m","input":"abc"})").prompt, PromptKind::kText);
}

TEST_F(Scan, ForgetsTheRequestBefore) {
  scan(R"({"prompt":[5,6,7]})");
  scan(R"({"model":"m"})");
  EXPECT_EQ(scanner.canonical_prompt(), "");
  EXPECT_TRUE(scanner.prompt_tokens().empty());
}

}  // namespace
}  // namespace ringmaster
