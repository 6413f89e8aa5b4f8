#include <gtest/gtest.h>

#include "engine_adapters/adapter_registry.h"
#include "engine_adapters/error_body.h"
#include "engine_adapters/load_report.h"
#include "engine_adapters/model_list.h"

namespace ringmaster {
namespace {

TEST(ErrorBody, LeavesTheOpenAiFormByteForByte) {
  const std::string body = R"({ "error" : {"message":"no","type":"x","param":null,"code":404} })";
  EXPECT_EQ(openai_error_from(404, body), body);
}

TEST(ErrorBody, NestsAFlatBody) {
  const auto body = openai_error_from(
      400,
      R"({"object":"error","message":"too long","type":"BadRequest","param":null,"code":400})");
  EXPECT_EQ(body.find(R"({"error":{)"), 0);
  EXPECT_NE(body.find("too long"), std::string::npos);
}

TEST(ErrorBody, KeepsTheFieldAtFaultOfAFlatBody) {
  const auto body =
      openai_error_from(400, R"({"object":"error","message":"too long","param":"prompt"})");
  EXPECT_NE(body.find(R"("param":"prompt")"), std::string::npos);
}

TEST(ErrorBody, KeepsPlainTextAsTheMessage) {
  EXPECT_NE(openai_error_from(503, "model is loading").find("model is loading"), std::string::npos);
}

TEST(ErrorBody, NamesTheStatusWhenThereIsNoBody) {
  EXPECT_NE(openai_error_from(502, "").find("answered 502"), std::string::npos);
}

TEST(ErrorBody, CutsALongMessage) {
  EXPECT_LT(openai_error_from(500, std::string(1'000'000, 'x')).size(), 8'000);
}

TEST(LoadReport, ReadsEveryField) {
  const auto report = parse_load_report(
      R"({"running":3,"waiting":1,"queued_prefill_tokens":4096,"kv_usage":0.5,"block_tokens":16})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->load.running_requests, 3);
  EXPECT_EQ(report->load.waiting_requests, 1);
  EXPECT_EQ(report->load.queued_prefill_tokens, 4096);
  EXPECT_EQ(report->load.kv_usage, 0.5);
  EXPECT_EQ(report->block_tokens, 16);
}

TEST(LoadReport, LeavesWhatIsNotSaidAbsent) {
  const auto report = parse_load_report(R"({"running":0})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->load.running_requests, 0);
  EXPECT_FALSE(report->load.waiting_requests.has_value());
}

TEST(LoadReport, NamesTheFieldAtFault) {
  const auto report = parse_load_report(R"({"running":-1})");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "load report: \"running\" must be a count");
  EXPECT_FALSE(parse_load_report(R"({"kv_usage":1.5})"));
  EXPECT_FALSE(parse_load_report("[]"));
}

TEST(ModelList, KeepsEachCardAsWritten) {
  const auto cards =
      parse_model_list(R"({"object":"list","data":[{"id":"m","max_model_len":4096}]})");
  ASSERT_TRUE(cards);
  ASSERT_EQ(cards->size(), 1);
  EXPECT_EQ(cards->front().id, "m");
  EXPECT_EQ(cards->front().json, R"({"id":"m","max_model_len":4096})");
}

TEST(ModelList, SaysWhatIsMissing) {
  EXPECT_EQ(parse_model_list("{}").error().message, "model list: must have a list \"data\"");
  EXPECT_EQ(parse_model_list(R"({"data":[{}]})").error().message,
            "model list: each entry must have a text \"id\"");
}

TEST(AdapterRegistry, FindsTheKnownAndListsThemForTheUnknown) {
  EXPECT_EQ((*find_adapter("openai"))->name(), "openai");
  EXPECT_EQ((*find_adapter("ringmaster"))->name(), "ringmaster");
  const auto unknown = find_adapter("vlm");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "adapter: expected one of openai, ringmaster, found \"vlm\"");
}

}  // namespace
}  // namespace ringmaster
