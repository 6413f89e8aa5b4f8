// What reaches the client and the engine when everything works.

#include <gtest/gtest.h>

#include "tests/integration/router/live_gateway.h"

namespace ringmaster::testing {
namespace {

http::Fields fields(std::vector<std::pair<std::string, std::string>> list) {
  http::Fields made;
  for (const auto& [name, value] : list) made.add(name, value);
  return made;
}

TEST(Relay, SendsEachEventBeforeTheNextOneExists) {
  FakeEngine engine(streams_behind_gate());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto head = client.open("POST", kChat, chat("hello"));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(client.read_until("first"), chunk("first"));
  engine.gate.open();
  EXPECT_EQ(client.read_rest({}).body, chunk("last") + kFinish + kDone);
}

TEST(Relay, ForwardsBothBodiesByteForByte) {
  const std::string answer = "{ \"choices\" : [ ] ,\t\"vendor\":{\"x\":1.0}}\n";
  const std::string question =
      "{\n \"vendor_field\" : [1, 2 ,3],\"messages\":[ "
      "{\"content\":\"h\\u00e9\",\"role\":\"user\"}]"
      " , \"model\" : \"m\" }\r\n ";
  FakeEngine engine(answers(answer));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, question);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, answer);
  EXPECT_EQ(engine.request(0).body, question);
  EXPECT_EQ(engine.request(0).target, kChat);
}

TEST(Relay, AsksForUsageWhereItIsToAndKeepsItFromAClientThatDidNotAsk) {
  FakeEngine engine(streams());
  auto settings = LiveGateway::settings_for({&engine});
  settings.instances[0].asks_usage = true;
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  const auto question = chat("hello");
  EXPECT_EQ(client.post(kChat, question).body, chunk("a") + chunk("b") + kFinish + kDone);
  EXPECT_EQ(engine.request(0).body,
            R"({"stream_options":{"include_usage":true},)" + question.substr(1));
  EXPECT_TRUE(gateway.metric_is(
      R"(ringmaster_instance_actual_cached_tokens_total{model="m",instance="a"} 4)"));
}

TEST(Relay, LeavesARequestAloneThatSaysItselfWhetherItWantsUsage) {
  FakeEngine engine(streams());
  auto settings = LiveGateway::settings_for({&engine});
  settings.instances[0].asks_usage = true;
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  const std::string question =
      R"({"model":"m","stream":true,"stream_options":{"include_usage":true},)"
      R"("messages":[{"role":"user","content":"x"}]})";
  EXPECT_EQ(client.post(kChat, question).body, chunk("a") + chunk("b") + kFinish + kUsage + kDone);
  EXPECT_EQ(engine.request(0).body, question);
  const auto whole = chat("x", false);
  client.post(kChat, whole);
  EXPECT_EQ(engine.request(1).body, whole);
}

TEST(Relay, KeepsEndToEndFieldsAndDropsHopByHopOnes) {
  FakeEngine engine(answers("{}"));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x", false),
                               fields({{"x-mine", "1"},
                                       {"x-ringmaster-instance", "z"},
                                       {"accept-encoding", "gzip"},
                                       {"authorization", "Bearer k"}}));
  const auto sent = engine.request(0).fields;
  EXPECT_EQ(*sent.find("x-mine"), "1");
  EXPECT_EQ(*sent.find("authorization"), "Bearer k");
  EXPECT_EQ(sent.find("x-ringmaster-instance"), nullptr);
  EXPECT_EQ(sent.find("accept-encoding"), nullptr);
  EXPECT_EQ(got.field("x-engine"), "fake");
}

TEST(Relay, NamesInstanceDecisionAndReason) {
  FakeEngine engine(answers("{}"));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x", false));
  EXPECT_EQ(got.field("x-ringmaster-instance"), "a");
  EXPECT_EQ(got.field("x-ringmaster-decision"), "1-1");
  EXPECT_NE(got.field("x-ringmaster-reason"), "");
}

TEST(Relay, ForwardsAndEchoesARequestId) {
  FakeEngine engine(answers("{}"));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x", false), fields({{"x-request-id", "trace-7"}}));
  EXPECT_EQ(got.field("x-request-id"), "trace-7");
  EXPECT_EQ(*engine.request(0).fields.find("x-request-id"), "trace-7");
}

TEST(Relay, MakesARequestIdWhereTheClientsIsUnfit) {
  FakeEngine engine(answers("{}"));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x", false), fields({{"x-request-id", "a b"}}));
  EXPECT_EQ(got.field("x-request-id").size(), 36U);
  EXPECT_EQ(*engine.request(0).fields.find("x-request-id"), got.field("x-request-id"));
}

TEST(Relay, PassesOtherRoutesThrough) {
  FakeEngine engine(answers(R"({"data":[]})"));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_EQ(client.post("/v1/embeddings?x=1", R"({"model":"m","input":"a"})").status, 200);
  EXPECT_EQ(client.get("/v1/files").status, 200);
  EXPECT_EQ(client.post("/v1/audio", "--part", fields({{"content-type", "multipart/x"}})).status,
            200);
  EXPECT_EQ(engine.request(0).target, "/v1/embeddings?x=1");
  EXPECT_EQ(engine.request(1).method, "GET");
  EXPECT_EQ(engine.request(2).body, "--part");
}

TEST(Relay, StreamsABodyThatIsTooLargeToHold) {
  const std::string megabytes(3'000'000, 'x');
  FakeEngine engine(answers(megabytes));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_EQ(client.post(kChat, chat("x", false)).body, megabytes);
}

TEST(Relay, HoldsASlowClientsStreamInTheEngine) {
  constexpr int kChunks = 400;
  const std::string big = chunk(std::string(200'000, 'y'));
  FakeEngine engine(
      [&](FakeEngine& self, http::Request&, http::ResponseWriter& writer) -> asio::awaitable<void> {
        (void)co_await writer.start(stream_head());
        for (int i = 0; i < kChunks; ++i) {
          if (!co_await writer.write(big)) co_return;
          self.note_sent(big.size());
        }
        (void)co_await writer.write(kDone);
        (void)co_await writer.finish();
      });
  auto settings = LiveGateway::settings_for({&engine});
  settings.limits.write_timeout = std::chrono::hours(1);  // However long the round trips take.
  LiveGateway gateway(settings);
  TestClient slow(gateway.port);
  ASSERT_EQ(slow.open("POST", kChat, chat("x")).status, 200);
  // The engine stands still for a hundred round trips: nothing moves while the client does not
  // read.
  TestClient other(gateway.port);
  std::size_t last = 1;
  for (int still = 0; still < 100;) {
    ASSERT_EQ(other.get("/healthz").status, 200);
    const auto sent = engine.sent_bytes();
    still = sent == last ? still + 1 : 0;
    last = sent;
  }
  EXPECT_LT(last, kChunks * big.size() / 2);
  EXPECT_EQ(slow.read_rest({}).body.size(), kChunks * big.size() + kDone.size());
}

TEST(Relay, CountsCachedTokensThatTheAnswerStates) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_EQ(client.post(kChat, chat("x")).body, chunk("a") + chunk("b") + kFinish + kUsage + kDone);
  EXPECT_TRUE(gateway.metric_is(
      R"(ringmaster_instance_actual_cached_tokens_total{model="m",instance="a"} 4)"));
}

}  // namespace
}  // namespace ringmaster::testing
