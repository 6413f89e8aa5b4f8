// The bundled engine's own routes, read from a server that is scripted.

#include "engine_adapters/ringmaster_adapter.h"

#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "base/check.h"
#include "http/server.h"

namespace ringmaster {
namespace {

const std::string kA = "00000000000000010000000000000002";

std::string batch(int epoch, int sequence, const std::string& type) {
  return "data: {\"epoch\":" + std::to_string(epoch) + ",\"sequence\":" + std::to_string(sequence) +
         ",\"events\":[{\"type\":\"" + type + "\",\"blocks\":[\"" + kA + "\"]}]}\n\n";
}

/// Answers each target with what is scripted for it, in order, and notes what was asked.
class ScriptedEngine final : public http::Handler {
 public:
  asio::awaitable<void> handle(http::Request& request, http::ResponseWriter& writer) override {
    asked.push_back(request.target);
    auto& answers = script[request.target];
    http::Response response{.status = 404};
    if (!answers.empty()) {
      response = answers.front();
      answers.erase(answers.begin());
    }
    (void)co_await writer.send(std::move(response));
  }

  void will_answer(const std::string& target, std::string body, int status = 200) {
    script[target].push_back(http::json_response(status, std::move(body)));
  }

  std::map<std::string, std::vector<http::Response>> script;
  std::vector<std::string> asked;
};

struct WrittenDown final : KvEventSink {
  std::string text;
  void stored(std::vector<BlockHash> blocks) override {
    text += "+" + std::to_string(blocks.size());
  }
  void removed(std::vector<BlockHash> blocks) override {
    text += "-" + std::to_string(blocks.size());
  }
  void cleared() override { text += "x"; }
};

class Adapter : public ::testing::Test {
 protected:
  Adapter() {
    RINGMASTER_CHECK(server.listen("127.0.0.1:0").has_value());
    link.client = &client;
    link.endpoint = {.host = "127.0.0.1", .port = server.port()};
    link.model = "m";
    link.timeout = std::chrono::seconds(10);
  }

  template <class T>
  T wait_for(asio::awaitable<T> what) {
    return asio::co_spawn(threads.executor(0), std::move(what), asio::use_future).get();
  }

  NullLog log;
  ScriptedEngine engine;
  http::IoThreads threads{1};
  http::Client client{threads, {}};
  http::Server server{threads, engine, log, {}};
  EngineLink link;
  RingmasterAdapter adapter;
  OpenAiAdapter openai;
  WrittenDown sink;
};

TEST_F(Adapter, TakesAnsweredHealthForAlive) {
  engine.will_answer("/health", "");
  EXPECT_EQ(wait_for(openai.probe(link)).verdict, ProbeVerdict::kAlive);
}

TEST_F(Adapter, AsksForModelsWhereThereIsNoHealthRoute) {
  engine.will_answer("/v1/models", "{}");
  EXPECT_EQ(wait_for(openai.probe(link)).verdict, ProbeVerdict::kAlive);
  EXPECT_EQ(engine.asked, (std::vector<std::string>{"/health", "/v1/models"}));
}

TEST_F(Adapter, TakesAServerThatWantsAKeyForAlive) {
  engine.will_answer("/v1/models", "{}", 401);
  EXPECT_EQ(wait_for(openai.probe(link)).verdict, ProbeVerdict::kAlive);
}

TEST_F(Adapter, TakesARefusalForAFailureAndSaysWhy) {
  engine.will_answer("/health", "", 503);
  const auto outcome = wait_for(openai.probe(link));
  EXPECT_EQ(outcome.verdict, ProbeVerdict::kFailed);
  EXPECT_EQ(outcome.detail, "GET /health answered 503");
}

TEST_F(Adapter, ReadsLoadWhereTheEngineTellsIt) {
  engine.will_answer("/load", R"({"running":2,"waiting":1,"block_tokens":16})");
  const auto report = wait_for(adapter.read_report(link));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->load.running_requests, 2);
  EXPECT_EQ(report->block_tokens, 16);
  EXPECT_EQ(wait_for(openai.read_report(link)).error().code, ErrorCode::kNotFound);
}

TEST_F(Adapter, FollowsEventsAndKeepsItsPlace) {
  engine.will_answer("/kv_events?from=0", batch(5, 0, "snapshot") + batch(5, 1, "stored"));
  EXPECT_FALSE(wait_for(adapter.follow_kv_events(link, sink)));
  EXPECT_EQ(sink.text, "x+1+1");
  engine.will_answer("/kv_events?from=2&epoch=5", batch(5, 2, "removed"));
  EXPECT_FALSE(wait_for(adapter.follow_kv_events(link, sink)));
  EXPECT_EQ(sink.text, "x+1+1-1");
}

TEST_F(Adapter, HasAGapReplayed) {
  engine.will_answer("/kv_events?from=0", batch(5, 0, "stored") + batch(5, 4, "stored"));
  engine.will_answer("/kv_events?from=1&epoch=5", batch(5, 1, "removed") + batch(5, 2, "stored"));
  EXPECT_FALSE(wait_for(adapter.follow_kv_events(link, sink)));
  EXPECT_EQ(sink.text, "+1-1+1");
}

TEST_F(Adapter, ClearsWhereAGapCannotBeReplayed) {
  engine.will_answer("/kv_events?from=0", batch(5, 0, "stored") + batch(5, 4, "stored"));
  engine.will_answer("/kv_events?from=1&epoch=5", batch(5, 4, "stored") + batch(5, 5, "removed"));
  EXPECT_FALSE(wait_for(adapter.follow_kv_events(link, sink)));
  EXPECT_EQ(sink.text, "+1x+1-1");
  EXPECT_EQ(sink.place.next, 6);
}

TEST_F(Adapter, ClearsWhenTheEngineHasRestarted) {
  engine.will_answer("/kv_events?from=0", batch(5, 0, "stored"));
  EXPECT_FALSE(wait_for(adapter.follow_kv_events(link, sink)));
  engine.will_answer("/kv_events?from=1&epoch=5", batch(6, 0, "snapshot"));
  EXPECT_FALSE(wait_for(adapter.follow_kv_events(link, sink)));
  EXPECT_EQ(sink.text, "+1xx+1");
  EXPECT_EQ(sink.place.epoch, "6");
}

TEST_F(Adapter, SaysWhereThereIsNoStreamOfEvents) {
  const auto followed = wait_for(adapter.follow_kv_events(link, sink));
  ASSERT_FALSE(followed);
  EXPECT_EQ(followed.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ringmaster
