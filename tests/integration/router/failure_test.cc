// What the client sees when engines fail, and what the engine sees when the client leaves.

#include <array>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/integration/router/live_gateway.h"

namespace ringmaster::testing {
namespace {

/// Every attempt of a request that is tried again goes to another instance, so with two engines of
/// which one fails, each request must be answered whatever was chosen first: each in its turn here.
class OneOfTwoFails : public ::testing::Test {
 protected:
  void expect_all_answered(FakeEngine::Script bad_script) {
    FakeEngine bad(std::move(bad_script));
    FakeEngine good(streams());
    auto settings = LiveGateway::settings_for({&bad, &good});
    settings.scheduler.policy.name = "round_robin";
    LiveGateway gateway(settings);
    TestClient client(gateway.port);
    // Until its first probe is answered an engine may get nothing: then a few more come.
    constexpr int kRequestsMax = 1000;
    for (int i = 0; i < 6 || (bad.received() == 0 && i < kRequestsMax); ++i) {
      const auto got = client.post(kChat, chat(std::to_string(i)));
      EXPECT_EQ(got.status, 200) << i;
      EXPECT_EQ(got.field("x-ringmaster-instance"), "b");
      EXPECT_NE(got.body.find("[DONE]"), std::string::npos);
    }
    EXPECT_GE(bad.received(), 1U);
  }
};

TEST_F(OneOfTwoFails, RetriesAnotherWhenTheConnectionBreaks) {
  expect_all_answered(
      [](FakeEngine&, http::Request&, http::ResponseWriter& writer) -> asio::awaitable<void> {
        (void)co_await writer.start(stream_head());
      });
}

TEST_F(OneOfTwoFails, RetriesAnotherWhenItIsOverloaded) {
  expect_all_answered(answers(R"({"error":{"message":"full"}})", 429));
}

TEST_F(OneOfTwoFails, RetriesAnotherWhenItIsUnavailable) {
  expect_all_answered(answers("starting", 503));
}

TEST(Failure, RelaysAnEnginesClientErrorAsItIs) {
  const std::string body =
      R"({"error": {"message":"too long","type":"x","param":null,"code":400}})";
  FakeEngine engine(answers(body, 400));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x"));
  EXPECT_EQ(got.status, 400);
  EXPECT_EQ(got.body, body);
  EXPECT_EQ(engine.received(), 1U);
}

TEST(Failure, NestsAFlatErrorBody) {
  FakeEngine engine(answers(R"({"object":"error","message":"no","code":400})", 400));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_EQ(client.post(kChat, chat("x")).body.find(R"({"error":{"message":"no")"), 0U);
}

TEST(Failure, DoesNotRetryAnInternalError) {
  FakeEngine first(answers(R"({"error":{"message":"boom"}})", 500));
  FakeEngine second(answers(R"({"error":{"message":"boom"}})", 500));
  LiveGateway gateway({&first, &second});
  TestClient client(gateway.port);
  EXPECT_EQ(client.post(kChat, chat("x")).status, 500);
  EXPECT_EQ(first.received() + second.received(), 1U);
}

TEST(Failure, GivesTheEnginesOwnRefusalWhenNobodyTakesIt) {
  FakeEngine first(answers(R"({"error":{"message":"full"}})", 429));
  FakeEngine second(answers(R"({"error":{"message":"full"}})", 429));
  LiveGateway gateway({&first, &second});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x"));
  EXPECT_EQ(got.status, 429);
  EXPECT_NE(got.body.find("full"), std::string::npos);
  EXPECT_EQ(got.field("x-should-retry"), "false");
  EXPECT_EQ(first.received() + second.received(), 2U);
}

TEST(Failure, EndsALostStreamInOneErrorFrame) {
  FakeEngine engine(breaks_after(chunk("half")));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  ASSERT_EQ(client.open("POST", kChat, chat("x")).status, 200);
  ASSERT_EQ(client.read_until("half"), chunk("half"));
  engine.gate.open();
  const auto rest = client.read_rest({}).body;
  EXPECT_EQ(rest.find(R"(data: {"error":{"message":"instance a was lost while it answered")"), 0U);
  EXPECT_EQ(rest.find("[DONE]"), std::string::npos);
  EXPECT_EQ(rest.find("data:", 1), std::string::npos);
}

TEST(Failure, EndsAStreamWithoutSentinelInAnErrorFrame) {
  FakeEngine engine(ends_after(chunk("a") + kFinish));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x"));
  EXPECT_EQ(got.body.find(chunk("a") + kFinish + R"(data: {"error":)"), 0U);
}

TEST(Failure, EndsAStreamCutWithinAnEventInAnErrorFrame) {
  FakeEngine engine(ends_after(chunk("a") + "data: {\"choi"));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x"));
  EXPECT_EQ(got.body.find(chunk("a") + R"(data: {"error":)"), 0U);
}

TEST(Failure, TurnsAnAbortIntoAnErrorFrame) {
  FakeEngine engine(ends_after(
      chunk("a") + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"abort\"}]}\n\n" + kDone));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto body = client.post(kChat, chat("x")).body;
  EXPECT_EQ(body.find(chunk("a") + R"(data: {"error":)"), 0U);
  EXPECT_EQ(body.find("abort"), std::string::npos);
}

TEST(Failure, RefusesAnUnknownModelByItsName) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, R"({"model":"gpt","messages":[]})");
  EXPECT_EQ(got.status, 404);
  EXPECT_EQ(
      got.body,
      R"({"error":{"message":"the model \"gpt\" does not exist","type":"invalid_request_error",)"
      R"("param":"model","code":"model_not_found"}})");
}

TEST(Failure, RefusesABodyThatIsNoJson) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_EQ(client.post(kChat, R"({"model":)").status, 400);
  EXPECT_EQ(client.post(kChat, R"({"messages":[]})").status, 400);
  EXPECT_EQ(engine.received(), 0U);
}

TEST(Failure, AnswersUnavailableWhileAllAreDownAndRecovers) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  ASSERT_TRUE(gateway.is_ready());
  TestClient client(gateway.port);
  engine.stop();
  const auto got = client.post(kChat, chat("x"));
  EXPECT_EQ(got.status, 503);
  EXPECT_NE(got.field("retry-after"), "");
  EXPECT_TRUE(LiveGateway::shows(client, "/readyz", "no instance takes requests"));
  engine.start();
  ASSERT_TRUE(gateway.is_ready());
  EXPECT_EQ(client.post(kChat, chat("x")).status, 200);
}

TEST(Disconnect, CancelsAStreamUpstream) {
  FakeEngine engine(streams_behind_gate());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  ASSERT_EQ(client.open("POST", kChat, chat("x")).status, 200);
  ASSERT_EQ(client.read_until("first"), chunk("first"));
  client.hang_up();
  EXPECT_TRUE(engine.wait_for_cancelled(1));
  EXPECT_TRUE(gateway.metric_is(R"(ringmaster_dispatched_requests{model="m"} 0)"));
}

TEST(Disconnect, CancelsAPrefillUpstream) {
  FakeEngine engine(prefills_behind_gate());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  client.send("POST", kChat, chat("x"));
  ASSERT_TRUE(engine.wait_for_received(1));
  client.hang_up();
  EXPECT_TRUE(engine.wait_for_cancelled(1));
  EXPECT_TRUE(gateway.metric_is(R"(ringmaster_dispatched_requests{model="m"} 0)"));
  EXPECT_TRUE(gateway.metric_is(R"(ringmaster_request_ends_total{end="client_gone"} 1)"));
}

TEST(Disconnect, ForgetsAHeldRequest) {
  FakeEngine engine(prefills_behind_gate());
  auto settings = LiveGateway::settings_for({&engine});
  settings.scheduler.dispatch_window_requests = 1;
  LiveGateway gateway(settings);
  TestClient running(gateway.port);
  running.send("POST", kChat, chat("x"));
  ASSERT_TRUE(engine.wait_for_received(1));
  TestClient held(gateway.port);
  held.send("POST", kChat, chat("y"));
  ASSERT_TRUE(gateway.metric_is(R"(ringmaster_held_requests{model="m"} 1)"));
  held.hang_up();
  EXPECT_TRUE(gateway.metric_is(R"(ringmaster_held_requests{model="m"} 0)"));
  engine.gate.open();
  EXPECT_EQ(running.head().status, 200);
  EXPECT_EQ(engine.received(), 1U);
}

TEST(InstanceLost, RetriesWhatItHadNotAnsweredAndEndsTheRestInAnErrorFrame) {
  FakeEngine first(streams_behind_gate());
  FakeEngine second(streams_behind_gate());
  LiveGateway gateway({&first, &second});
  ASSERT_TRUE(gateway.is_ready());
  TestClient client(gateway.port);
  const auto head = client.open("POST", kChat, chat("x"));
  ASSERT_EQ(client.read_until("first"), chunk("first"));
  auto& lost = head.field("x-ringmaster-instance") == "a" ? first : second;
  auto& left = head.field("x-ringmaster-instance") == "a" ? second : first;
  lost.stop();
  EXPECT_EQ(client.read_rest({}).body.find(R"(data: {"error":)"), 0U);
  left.gate.open();
  for (const char* text : {"x", "y", "z"}) {
    EXPECT_EQ(client.post(kChat, chat(text)).status, 200);
  }
}

TEST(InstanceLost, GetsNothingOfWhatIsHeldForIt) {
  FakeEngine lost(
      [](FakeEngine& self, http::Request&, http::ResponseWriter& writer) -> asio::awaitable<void> {
        co_await self.gate.wait();
        (void)co_await writer.start(stream_head());
      });
  FakeEngine left(prefills_behind_gate());
  auto settings = LiveGateway::settings_for({&lost, &left});
  settings.scheduler.policy.name = "round_robin";
  settings.scheduler.dispatch_window_requests = 1;
  LiveGateway gateway(settings);
  for (const std::string name : {"a", "b"}) {
    ASSERT_TRUE(
        gateway.metric_is(R"(ringmaster_instance_health{model="m",instance=")" + name + R"("} 2)"));
  }
  std::array<std::unique_ptr<TestClient>, 6> clients;  // Three for each, of which two are held.
  for (auto& client : clients) {
    client = std::make_unique<TestClient>(gateway.port);
    client->send("POST", kChat, chat("x"));
  }
  ASSERT_TRUE(gateway.metric_is(R"(ringmaster_held_requests{model="m"} 4)"));
  lost.gate.open();  // The connection breaks.
  ASSERT_TRUE(gateway.metric_is(R"(ringmaster_instance_held_requests{model="m",instance="b"} 5)"));
  left.gate.open();
  for (auto& client : clients) {
    EXPECT_NE(client->read_rest(client->head()).body.find("[DONE]"), std::string::npos);
  }
  EXPECT_EQ(lost.received(), 1U);
  EXPECT_EQ(left.received(), 6U);
}

}  // namespace
}  // namespace ringmaster::testing
