#include "engine/server/engine_server.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ahead_executor.h"
#include "tests/support/engine_server_bench.h"
#include "tests/support/prefix_executor.h"

namespace ringmaster::engine {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kChat = R"("messages":[{"role":"user","content":"Tell me about the moon."}])";
const std::string kLongPrompt =
    R"("prompt":"one two three four five six seven eight nine ten eleven twelve thirteen fourteen")";

// The text and the last finish reason of a completion's stream.
std::pair<std::string, std::string> joined(const std::vector<std::string>& events) {
  std::string text;
  std::string finish;
  for (const std::string& event : events) {
    if (event == "[DONE]") break;
    const json::value chunk = json::parse(event);
    for (const json::value& choice : chunk.at("choices").as_array()) {
      text += std::string(choice.at("text").as_string());
      if (!choice.at("finish_reason").is_null()) {
        finish = std::string(choice.at("finish_reason").as_string());
      }
    }
  }
  return {text, finish};
}

TEST(EngineServer, AnswersAChatWhole) {
  EngineServerBench bench;
  const HttpAnswer answer = bench.post("/v1/chat/completions",
                                       EngineServerBench::with_model(kChat + R"(,"max_tokens":5)"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.field("content-type"), StartsWith("application/json"));
  const json::value body = answer.json();
  EXPECT_EQ(body.at("object").as_string(), "chat.completion");
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content").as_string().size(), 5U);
  EXPECT_EQ(body.at("choices").at(0).at("finish_reason").as_string(), "length");
  EXPECT_EQ(body.at("usage").at("completion_tokens").as_int64(), 5);
  EXPECT_EQ(body.at("usage").at("prompt_tokens_details").at("cached_tokens").as_int64(), 0);
}

TEST(EngineServer, StreamsAChatAndEndsWithUsageAndDone) {
  EngineServerBench bench;
  const HttpAnswer answer = bench.post(
      "/v1/chat/completions",
      EngineServerBench::with_model(
          kChat + R"(,"max_tokens":5,"stream":true,"stream_options":{"include_usage":true})"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.field("content-type"), StartsWith("text/event-stream"));
  EXPECT_EQ(answer.field("cache-control"), "no-cache");
  const auto events = answer.events();
  ASSERT_GE(events.size(), 4U);
  EXPECT_EQ(json::parse(events.front()).at("choices").at(0).at("delta").at("role").as_string(),
            "assistant");
  EXPECT_EQ(events.back(), "[DONE]");
  const json::value usage = json::parse(events[events.size() - 2]);
  EXPECT_TRUE(usage.at("choices").as_array().empty());
  EXPECT_EQ(usage.at("usage").at("completion_tokens").as_int64(), 5);
}

TEST(EngineServer, StreamsTheSameTextAsItAnswersWhole) {
  EngineServerBench bench;
  const std::string request = R"("prompt":"once","max_tokens":40,"seed":9)";
  const HttpAnswer whole = bench.complete(request);
  const HttpAnswer streamed = bench.complete(request + R"(,"stream":true)");
  const auto [text, finish] = joined(streamed.events());
  EXPECT_EQ(whole.json().at("choices").at(0).at("text").as_string(), text);
  EXPECT_EQ(finish, "length");
}

TEST(EngineServer, ReportsTheCachedTokensOfARepeatedPrompt) {
  EngineServerBench bench;
  const HttpAnswer first = bench.complete(kLongPrompt);
  const HttpAnswer second = bench.complete(kLongPrompt);
  const auto cached = [](const HttpAnswer& answer) {
    return answer.json().at("usage").at("prompt_tokens_details").at("cached_tokens").as_int64();
  };
  EXPECT_EQ(cached(first), 0);
  EXPECT_GE(cached(second), 16);
  EXPECT_EQ(cached(second) % 16, 0);
  const HttpAnswer salted = bench.complete(kLongPrompt + R"(,"cache_salt":"other")");
  EXPECT_EQ(cached(salted), 0);
}

TEST(EngineServer, CutsTheAnswerBeforeAStopString) {
  EngineServerBench bench;
  const std::string request = R"("prompt":"once","max_tokens":40,"seed":9)";
  const HttpAnswer whole = bench.complete(request);
  const auto text = std::string(whole.json().at("choices").at(0).at("text").as_string());
  const std::string stop = text.substr(20, 3);
  const HttpAnswer stopped = bench.complete(request + R"(,"stop":")" + stop + "\"");
  EXPECT_EQ(stopped.json().at("choices").at(0).at("text").as_string(),
            text.substr(0, text.find(stop)));
  EXPECT_EQ(stopped.json().at("choices").at(0).at("finish_reason").as_string(), "stop");
  EXPECT_TRUE(bench.eventually(EngineServerBench::is_idle));
}

// Of the text, bytes 20 to 22 come first and bytes 18 to 26 begin first.
TEST(EngineServer, CutsWhereTheFirstOfSeveralStopStringsBegins) {
  EngineServerBench bench;
  const std::string request = R"("prompt":"once","max_tokens":40,"seed":9)";
  const HttpAnswer whole = bench.complete(request);
  const auto text = std::string(whole.json().at("choices").at(0).at("text").as_string());
  const std::string sooner = text.substr(20, 2);
  const std::string earlier = text.substr(18, 8);
  const std::string stops =
      R"(,"stop":)" + json::serialize(json::array{json::string(sooner), json::string(earlier)});
  ASSERT_EQ(text.find(sooner), 20U) << text;
  ASSERT_EQ(text.find(earlier), 18U) << text;
  const std::string expected = text.substr(0, 18);
  EXPECT_EQ(bench.complete(request + stops).json().at("choices").at(0).at("text").as_string(),
            expected);
  const HttpAnswer streamed = bench.complete(request + stops + R"(,"stream":true)");
  EXPECT_EQ(joined(streamed.events()), (std::pair{expected, std::string("stop")}));
}

TEST(EngineServer, AdoptsAFitRequestIdAndMakesOneOtherwise) {
  EngineServerBench bench;
  http::Fields fields;
  fields.add("x-request-id", "abc-1");
  const HttpAnswer answer = bench.post(
      "/v1/completions", EngineServerBench::with_model(R"("prompt":"x")"), std::move(fields));
  EXPECT_EQ(answer.field("x-request-id"), "abc-1");
  EXPECT_EQ(answer.json().at("id").as_string(), "cmpl-abc-1");
  EXPECT_EQ(bench.get("/health").field("x-request-id").size(), 16U);
}

TEST(EngineServer, RefusesAnUnknownModelWith404) {
  EngineServerBench bench;
  const HttpAnswer answer = bench.post("/v1/completions", R"({"model":"other","prompt":"x"})");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.json().at("error").at("code").as_string(), "model_not_found");
  const HttpAnswer card = bench.get("/v1/models/other");
  EXPECT_EQ(card.status, 404);
  EXPECT_EQ(card.json().at("error").at("code").as_string(), "model_not_found");
}

TEST(EngineServer, RefusesACompressedBodyByItsName) {
  EngineServerBench bench;
  http::Fields fields;
  fields.add("content-encoding", "gzip");
  EXPECT_EQ(bench.post("/v1/completions", "\x1f\x8b", fields).status, 415);
}

TEST(EngineServer, RefusesBadJsonWith400AndItsPlace) {
  EngineServerBench bench;
  const HttpAnswer answer = bench.post("/v1/completions", R"({"model":)");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(std::string(answer.json().at("error").at("message").as_string()),
              HasSubstr("line 1, column 10"));
}

TEST(EngineServer, RefusesAPromptLongerThanTheModelWithItsFigures) {
  EngineServerBench bench({.context_tokens = 32});
  for (const char* stream : {"false", "true"}) {
    const HttpAnswer answer = bench.complete(kLongPrompt + R"(,"stream":)" + stream);
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(std::string(answer.json().at("error").at("message").as_string()),
                HasSubstr("room for 32 tokens"));
  }
}

TEST(EngineServer, GivesACompletionWithoutALimitSixteenTokensOrWhatFits) {
  EngineServerBench bench({.context_tokens = 32});
  const auto tokens = [&bench](const std::string& prompt) {
    const HttpAnswer answer = bench.complete(R"("ignore_eos":true,"prompt":)" + prompt);
    return answer.json().at("usage").at("completion_tokens").as_int64();
  };
  EXPECT_EQ(tokens("[1,2]"), 16);
  EXPECT_EQ(tokens("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]"), 12);
}

// "PARAM CODE" of the error, null where it has none.
std::string blamed_by(const HttpAnswer& answer) {
  const json::value error = answer.json().at("error");
  return json::serialize(error.at("param")) + " " + json::serialize(error.at("code"));
}

TEST(EngineServer, NamesTheFieldOfARequestThatItRefuses) {
  EngineServerBench bench({.context_tokens = 32});
  const std::string short_prompt = R"("prompt":[1,2],)";
  EXPECT_EQ(blamed_by(bench.complete(short_prompt + R"("temperature":9)")),
            R"("temperature" null)");
  EXPECT_EQ(blamed_by(bench.complete(kLongPrompt)), R"("prompt" "context_length_exceeded")");
  EXPECT_EQ(blamed_by(bench.complete(short_prompt + R"("max_tokens":31)")),
            R"("max_tokens" "context_length_exceeded")");
  EXPECT_EQ(blamed_by(bench.complete(R"("prompt":[1000000])")), R"("prompt" null)");
  EXPECT_EQ(blamed_by(bench.complete(R"("prompt":[])")), R"("prompt" null)");
  EXPECT_EQ(blamed_by(bench.post("/v1/completions", "{")), "null null");
  EXPECT_EQ(blamed_by(bench.post("/v1/completions", R"({"model":"other","prompt":"x"})")),
            R"("model" "model_not_found")");
}

TEST(EngineServer, NamesTheFieldOfAChatThatItRefuses) {
  EngineServerBench bench({.context_tokens = 64});
  const auto refusal = [&bench](const std::string& fields) {
    return blamed_by(bench.post("/v1/chat/completions", EngineServerBench::with_model(fields)));
  };
  EXPECT_EQ(refusal(R"("messages":[{"content":"x"}])"), R"("messages[0].role" null)");
  EXPECT_EQ(refusal(R"("messages":[{"role":"user","content":")" + std::string(999, 'x') + R"("}])"),
            R"("messages" "context_length_exceeded")");
  EXPECT_EQ(refusal(kChat + R"(,"max_completion_tokens":64)"),
            R"("max_completion_tokens" "context_length_exceeded")");
}

TEST(EngineServer, RefusesWhatIsNotThere) {
  EngineServerBench bench;
  EXPECT_EQ(bench.get("/v1/nothing").status, 404);
  EXPECT_EQ(bench.get("/v1/completions").status, 405);
  EXPECT_EQ(bench.post("/load", "").status, 405);
  EXPECT_EQ(bench.post("/kv_events", "").status, 405);
  EXPECT_EQ(bench.post("/v1/embeddings", "{}").status, 404);
}

TEST(EngineServer, DescribesItself) {
  EngineServerBench bench;
  EXPECT_EQ(bench.get("/health").status, 200);
  EXPECT_EQ(bench.get("/version").json().at("version").as_string(), "test");
  const json::value card = bench.get("/v1/models").json().at("data").at(0);
  EXPECT_EQ(card.at("id").as_string(), "tiny");
  EXPECT_EQ(card.at("max_model_len").as_int64(), 16'384);
  EXPECT_EQ(bench.get("/v1/models/tiny").json().at("id").as_string(), "tiny");
  EXPECT_EQ(bench.get("/v1/models/t%69ny").json().at("id").as_string(), "tiny");
  EXPECT_EQ(bench.get("/v1/models/other").status, 404);
  const json::value load = bench.get("/load").json();
  EXPECT_EQ(load.at("running").as_int64(), 0);
  EXPECT_EQ(load.at("waiting").as_int64(), 0);
  EXPECT_EQ(load.at("queued_prefill_tokens").as_int64(), 0);
  EXPECT_EQ(load.at("block_tokens").as_int64(), 16);
}

TEST(EngineServer, ExposesMetricsUnderVllmsNames) {
  EngineServerBench bench;
  (void)bench.complete(kLongPrompt + R"(,"max_tokens":3)");
  const std::string text = bench.get("/metrics").body;
  EXPECT_THAT(text, HasSubstr("vllm:num_requests_running{engine=\"0\",model_name=\"tiny\"} 0"));
  EXPECT_THAT(text, HasSubstr("vllm:num_requests_waiting{engine=\"0\",model_name=\"tiny\"} 0"));
  EXPECT_THAT(text, HasSubstr("vllm:kv_cache_usage_perc"));
  EXPECT_THAT(text, HasSubstr("vllm:generation_tokens_total{engine=\"0\",model_name=\"tiny\"} 3"));
  EXPECT_THAT(text, HasSubstr("vllm:prefix_cache_hits_total{engine=\"0\",model_name=\"tiny\"} 0"));
  EXPECT_THAT(text, HasSubstr("vllm:time_to_first_token_seconds_count"));
  EXPECT_THAT(text, HasSubstr("vllm:inter_token_latency_seconds_count"
                              "{engine=\"0\",model_name=\"tiny\"} 2"));
  EXPECT_THAT(text, HasSubstr("vllm:request_success_total{engine=\"0\","
                              "finished_reason=\"length\",model_name=\"tiny\"} 1"));
}

// A client that leaves while its request waits, is in prefill or streams.
TEST(EngineServer, AbortsWhenTheClientLeavesInMidStream) {
  EngineServerBench bench;
  bench.gate.close();
  bench.gate.permit(3);
  auto exchange = std::make_shared<std::unique_ptr<http::Exchange>>();
  auto head = bench.send_and_read_head(
      "/v1/completions",
      EngineServerBench::with_model(R"("prompt":"x","max_tokens":10000,"stream":true)"), exchange);
  ASSERT_EQ(head.get(), 200);
  EXPECT_EQ(bench.server->stats().running, 1);
  bench.on_client_thread([&] { exchange->reset(); });
  ASSERT_TRUE(bench.eventually([&](auto&) { return bench.server->answers_in_progress() == 0; }));
  bench.gate.open();
  EXPECT_TRUE(bench.eventually(EngineServerBench::is_idle));
  EXPECT_LT(bench.server->stats().output_tokens, 10'000U);
}

TEST(EngineServer, AbortsWhenTheClientLeavesBeforeTheFirstToken) {
  EngineServerBench bench;
  bench.gate.close();
  auto leaving = std::make_unique<asio::cancellation_signal>();
  http::RequestHead head{.target = "/v1/completions"};
  http::IoThreads threads(1);
  http::Client client(threads, {});
  const std::string body = EngineServerBench::with_model(R"("prompt":"x","max_tokens":10000)");
  const http::Endpoint endpoint = bench.endpoint();
  std::promise<void> ended;
  asio::co_spawn(
      threads.executor(0),
      [&]() -> asio::awaitable<void> {
        const http::Deadlines deadlines{};
        const auto sent = co_await client.send(endpoint, head, body, deadlines);
        EXPECT_FALSE(sent);
      },
      asio::bind_cancellation_slot(leaving->slot(),
                                   [&](const std::exception_ptr&) { ended.set_value(); }));
  ASSERT_TRUE(bench.eventually([](const EngineStats& stats) { return stats.waiting == 1; }));
  asio::post(threads.executor(0), [&] { leaving->emit(asio::cancellation_type::terminal); });
  ASSERT_EQ(ended.get_future().wait_for(EngineServerBench::kPatience), std::future_status::ready);
  ASSERT_TRUE(bench.eventually([&](auto&) { return bench.server->answers_in_progress() == 0; }));
  bench.gate.open();
  EXPECT_TRUE(bench.eventually(EngineServerBench::is_idle));
  EXPECT_LT(bench.server->stats().output_tokens, 10'000U);
}

TEST(EngineServer, AnswersAHundredStreamsAtOnceAndLosesNothing) {
  EngineServerBench bench;
  std::vector<std::future<HttpAnswer>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(
        bench.call("POST", "/v1/completions",
                   EngineServerBench::with_model(R"("prompt":"story )" + std::to_string(i) +
                                                 R"(","max_tokens":50,"stream":true)")));
  }
  for (auto& pending : answers) {
    const HttpAnswer answer = pending.get();
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto events = answer.events();
    EXPECT_EQ(joined(events).first.size(), 50U);
    EXPECT_EQ(events.back(), "[DONE]");
  }
  EXPECT_TRUE(bench.eventually(EngineServerBench::is_idle));
  EXPECT_EQ(bench.server->stats().output_tokens, 5'000U);
}

TEST(EngineServer, RefusesNewRequestsWhileItDrainsAndFinishesTheOthers) {
  EngineServerBench bench;
  bench.gate.close();
  auto running = bench.call("POST", "/v1/completions",
                            EngineServerBench::with_model(R"("prompt":"x","max_tokens":20)"));
  ASSERT_TRUE(bench.eventually([](const EngineStats& stats) { return stats.waiting == 1; }));
  bench.server->drain();
  const HttpAnswer refused = bench.complete(R"("prompt":"y")");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.field("retry-after"), "1");
  EXPECT_EQ(bench.get("/health").status, 200);
  EXPECT_EQ(bench.server->answers_in_progress(), 1U);
  bench.gate.open();
  EXPECT_EQ(running.get().status, 200);
  EXPECT_TRUE(bench.eventually(EngineServerBench::is_idle));
}

TEST(EngineServer, Answers429WhenTheQueueIsFull) {
  BenchOptions options;
  options.server.engine.waiting_max = 1;
  options.server.engine.scheduler.sequences_max = 1;
  EngineServerBench bench(options);
  bench.gate.close();
  auto first =
      bench.call("POST", "/v1/completions", EngineServerBench::with_model(R"("prompt":"x")"));
  ASSERT_TRUE(bench.eventually([](const EngineStats& stats) { return stats.waiting == 1; }));
  bench.gate.permit(1);
  ASSERT_TRUE(bench.eventually([](const EngineStats& stats) { return stats.running == 1; }));
  auto second =
      bench.call("POST", "/v1/completions", EngineServerBench::with_model(R"("prompt":"x")"));
  ASSERT_TRUE(bench.eventually([](const EngineStats& stats) { return stats.waiting == 1; }));
  auto third =
      bench.call("POST", "/v1/completions", EngineServerBench::with_model(R"("prompt":"x")"));
  ASSERT_TRUE(bench.eventually([](const EngineStats& stats) { return stats.waiting == 2; }));
  bench.gate.permit(1);
  const HttpAnswer refused = third.get();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.field("retry-after"), "1");
  bench.gate.open();
  EXPECT_EQ(first.get().status, 200);
  EXPECT_EQ(second.get().status, 200);
}

TEST(EngineServer, GivesUpTheRequestOfAClientThatReadsTooSlowly) {
  BenchOptions options{.blocks = 65'536, .context_tokens = 1'000'000};
  options.server.queued_events_max = 256;
  EngineServerBench bench(options);
  bench.gate.close();
  bench.gate.permit(1);
  auto exchange = std::make_shared<std::unique_ptr<http::Exchange>>();
  auto head = bench.send_and_read_head(
      "/v1/completions",
      EngineServerBench::with_model(R"("prompt":"x","max_tokens":900000,"stream":true)"), exchange);
  ASSERT_EQ(head.get(), 200);
  bench.gate.open();
  EXPECT_TRUE(bench.eventually(EngineServerBench::is_idle));
  EXPECT_LT(bench.server->stats().output_tokens, 900'000U);
  EXPECT_THAT(bench.get("/metrics").body,
              HasSubstr("finished_reason=\"abort\",model_name=\"tiny\"} 1"));
  bench.on_client_thread([&] { exchange->reset(); });
}

TEST(EngineServer, SaysThatTheDeviceFailed) {
  PrefixExecutor device(64, 16);
  device.fails_next = true;
  EngineServerBench bench({}, &device);
  const HttpAnswer failed = bench.complete(R"("prompt":"x","stream":true)");
  EXPECT_EQ(failed.status, 502);
  EXPECT_THAT(failed.body, HasSubstr("device lost"));
  EXPECT_EQ(bench.complete(R"("prompt":"x")").status, 200);
}

TEST(EngineServer, GoesIdleAfterStepsBegunAhead) {
  AheadExecutor device(64, 16);
  EngineServerBench bench({}, &device);
  for (int i = 0; i < 3; ++i) {
    auto first = bench.call("POST", "/v1/completions",
                            EngineServerBench::with_model(R"("prompt":"x","max_tokens":30)"));
    auto second = bench.call("POST", "/v1/completions",
                             EngineServerBench::with_model(R"("prompt":"yz","max_tokens":50)"));
    EXPECT_EQ(first.get().status, 200);
    EXPECT_EQ(second.get().status, 200);
    EXPECT_TRUE(bench.eventually(EngineServerBench::is_idle));
  }
  EXPECT_GT(device.ahead, 0);
}

TEST(EngineServer, IsNotHealthyOnceTheDeviceIsLost) {
  PrefixExecutor device(64, 16);
  EngineServerBench bench({}, &device);
  EXPECT_EQ(bench.complete(R"("prompt":"x","max_tokens":1)").status, 200);
  EXPECT_EQ(bench.get("/health").status, 200);
  device.lost = true;
  EXPECT_EQ(bench.complete(R"("prompt":"x")").status, 502);
  const HttpAnswer health = bench.get("/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(health.body, HasSubstr("the device has failed; only a restart helps"));
  EXPECT_EQ(bench.complete(R"("prompt":"x")").status, 502);
}

}  // namespace
}  // namespace ringmaster::engine
