// Gateways before the same instances that know each other.

#include <gtest/gtest.h>

#include "fleet/instance_owner.h"
#include "router/peer_set.h"
#include "tests/integration/router/live_gateway.h"

namespace ringmaster::testing {
namespace {

const std::string kKey = "between-gateways";

/// Gateways "left" and "right"; `instance` is one that each takes for right's.
class PeersTest : public ::testing::Test {
 protected:
  static GatewaySettings settings(const std::string& id, const std::vector<FakeEngine*>& engines) {
    auto settings = LiveGateway::settings_for(engines);
    settings.peers = {.id = id, .key = kKey, .gateways = {}};
    settings.scheduler.dispatch_window_requests = 1;
    settings.scheduler.policy = {.name = "least_loaded"};
    for (auto& instance : settings.instances) instance.spec.name = owned_by("right");
    return settings;
  }

  static std::string owned_by(const std::string& id) {
    const std::vector<std::string> names = {"left", "right"};
    for (int i = 0;; ++i) {
      std::string name = "instance-" + std::to_string(i);
      if (names[owner_of(name, names)] == id) return name;
    }
  }

  static void introduce(const LiveGateway& to, const std::string& id, const LiveGateway& peer) {
    TestClient admin(to.admin_port);
    const auto added =
        admin.post("/admin/peers", R"({"id":")" + id + R"(","url":"http://127.0.0.1:)" +
                                       std::to_string(peer.port) + R"("})");
    ASSERT_EQ(added.status, 201) << added.body;
    ASSERT_TRUE(to.metric_is("ringmaster_peer_up{peer=\"" + id + "\"} 1"));
  }

  /// Both before one engine; left knows right.
  struct Pair {
    explicit Pair(FakeEngine::Script script, std::uint32_t unhealthy_after = 3)
        : engine(std::move(script)),
          left(watching(unhealthy_after, settings("left", {&engine}))),
          right(std::make_unique<LiveGateway>(
              listening_on(port_of_right, settings("right", {&engine})))) {
      EXPECT_TRUE(left.is_ready());
      EXPECT_TRUE(right->is_ready());
      introduce(left, "right", *right);
    }

    FakeEngine engine;
    LiveGateway left;
    HeldPort port_of_right;
    std::unique_ptr<LiveGateway> right;
  };
  /// As a Pair's unhealthy_after: only requests, not the monitor, find out that a peer is gone.
  static constexpr std::uint32_t kNever = 1000;

 private:
  static GatewaySettings watching(std::uint32_t unhealthy_after, GatewaySettings settings) {
    settings.health.unhealthy_after = unhealthy_after;
    return settings;
  }
  static GatewaySettings listening_on(const HeldPort& port, GatewaySettings settings) {
    settings.listen = port.address();
    return settings;
  }
};

TEST_F(PeersTest, ForwardToTheOwnerAndRelayItsAnswer) {
  Pair pair(streams());
  introduce(*pair.right, "left", pair.left);
  TestClient client(pair.left.port);
  http::Fields fields;
  fields.add("x-request-id", "one");
  const auto got = client.post(kChat, chat("hello"), fields);
  EXPECT_EQ(got.status, 200);
  EXPECT_NE(got.body.find("[DONE]"), std::string::npos);
  EXPECT_EQ(got.field("x-request-id"), "one");
  EXPECT_EQ(pair.engine.received(), 1U);
  EXPECT_EQ(pair.engine.request(0).fields.find("x-ringmaster-peer-key"), nullptr);
  EXPECT_EQ(pair.engine.request(0).fields.find("x-ringmaster-forwarded-to"), nullptr);
  EXPECT_TRUE(pair.left.metric_is("ringmaster_forwarded_requests_total 1"));
  EXPECT_TRUE(pair.right->metric_is("ringmaster_requests_from_peers_total 1"));
  EXPECT_TRUE(pair.right->metric_is("ringmaster_forwarded_requests_total 0"));
}

TEST_F(PeersTest, TheOwnerHoldsWhatBothWantToSend) {
  Pair pair(prefills_behind_gate());
  TestClient first(pair.left.port);
  TestClient second(pair.right->port);
  first.send("POST", kChat, chat("one"));
  ASSERT_TRUE(pair.engine.wait_for_received(1));
  second.send("POST", kChat, chat("two"));
  const auto name = owned_by("right");
  EXPECT_TRUE(pair.right->metric_is("ringmaster_instance_held_requests{model=\"m\",instance=\"" +
                                    name + "\"} 1"));
  EXPECT_EQ(pair.engine.received(), 1U);
  pair.engine.gate.open();
  EXPECT_EQ(first.read_rest(first.head()).status, 200);
  EXPECT_EQ(second.read_rest(second.head()).status, 200);
}

TEST_F(PeersTest, HearWhatTheOwnerHolds) {
  Pair pair(prefills_behind_gate());
  TestClient first(pair.right->port);
  TestClient second(pair.right->port);
  first.send("POST", kChat, chat("one"));
  second.send("POST", kChat, chat("two"));
  EXPECT_TRUE(pair.left.metric_is("ringmaster_instance_foreign_requests{model=\"m\",instance=\"" +
                                  owned_by("right") + "\"} 2"));
  pair.engine.gate.open();
  EXPECT_EQ(first.read_rest(first.head()).status, 200);
  EXPECT_EQ(second.read_rest(second.head()).status, 200);
}

TEST_F(PeersTest, TakeOverFromAnOwnerThatIsGone) {
  Pair pair(streams());
  pair.right.reset();
  ASSERT_TRUE(pair.left.metric_is("ringmaster_peer_up{peer=\"right\"} 0"));
  TestClient client(pair.left.port);
  EXPECT_EQ(client.post(kChat, chat("hello")).status, 200);
  EXPECT_TRUE(pair.left.metric_is("ringmaster_forwarded_requests_total 0"));
}

TEST_F(PeersTest, SendThemselvesWhatAnOwnerDoesNotTakeAnyMore) {
  Pair pair(streams(), kNever);
  pair.right.reset();
  TestClient client(pair.left.port);
  EXPECT_EQ(client.post(kChat, chat("hello")).status, 200);
  EXPECT_TRUE(pair.left.metric_is("ringmaster_forwarded_requests_total 1"));
  EXPECT_TRUE(pair.left.metric_is("ringmaster_retries_total{model=\"m\"} 0"));
}

TEST_F(PeersTest, SendThemselvesWhatAnOwnerLosesBeforeItAnswers) {
  Pair pair(prefills_behind_gate(), kNever);
  TestClient client(pair.left.port);
  client.send("POST", kChat, chat("hello"));
  ASSERT_TRUE(pair.engine.wait_for_received(1));
  pair.right.reset();
  ASSERT_TRUE(pair.engine.wait_for_received(2));
  pair.engine.gate.open();
  EXPECT_EQ(client.read_rest(client.head()).status, 200);
}

TEST_F(PeersTest, WaitNoLongerForAnOwnerThatHangs) {
  FakeEngine engine(streams());
  // Says what a gateway says to its peers until it has a request, and then nothing.
  bool hangs = false;
  FakeEngine hanging([&hangs](FakeEngine& self, http::Request& request,
                              http::ResponseWriter& writer) -> asio::awaitable<void> {
    hangs = hangs || request.path() != "/peer/load";
    if (hangs) co_await self.gate.wait();
    auto report = http::json_response(200, R"({"gateway":"right","instances":[]})");
    (void)co_await writer.send(std::move(report));
  });
  auto impatient = settings("left", {&engine});
  impatient.health.timeout = std::chrono::milliseconds(100);
  LiveGateway left(impatient);
  ASSERT_TRUE(left.is_ready());
  TestClient admin(left.admin_port);
  ASSERT_EQ(admin.post("/admin/peers", R"({"id":"right","url":")" + hanging.url() + R"("})").status,
            201);
  TestClient client(left.port);
  // On a machine that stalls the peer may have been given up just then: another request, once it is
  // up again.
  const std::string none = "ringmaster_forwarded_requests_total 0\n";
  do {
    ASSERT_TRUE(left.metric_is("ringmaster_peer_up{peer=\"right\"} 1"));
    EXPECT_EQ(client.post(kChat, chat("hello")).status, 200);
  } while (client.get("/metrics").body.find(none) != std::string::npos);
  EXPECT_TRUE(left.metric_is("ringmaster_forwarded_requests_total 1"));
  hanging.gate.open();
}

TEST_F(PeersTest, WaitForAnOwnerThatHoldsALittleLongerThanForAFirstByte) {
  FakeEngine engine(prefills_behind_gate());
  FakeEngine silent(prefills_behind_gate());
  const auto impatient = [](GatewaySettings settings) {
    settings.deadlines.first_byte = std::chrono::milliseconds(50);
    return settings;
  };
  LiveGateway left(impatient(settings("left", {&engine})));
  LiveGateway right(settings("right", {&engine}));
  LiveGateway alone(impatient(LiveGateway::settings_for({&silent})));
  for (const auto* gateway : {&left, &right, &alone}) ASSERT_TRUE(gateway->is_ready());
  introduce(left, "right", right);
  TestClient first(right.port);
  first.send("POST", kChat, chat("one"));
  ASSERT_TRUE(engine.wait_for_received(1));
  TestClient second(left.port);
  second.send("POST", kChat, chat("two"));
  ASSERT_TRUE(right.metric_is("ringmaster_instance_held_requests{model=\"m\",instance=\"" +
                              owned_by("right") + "\"} 1"));
  // Who waits as long as left does for a first byte has waited in vain when this returns.
  TestClient third(alone.port);
  EXPECT_EQ(third.post(kChat, chat("three")).status, 504);
  engine.gate.open();
  EXPECT_EQ(second.read_rest(second.head()).status, 200);
  EXPECT_TRUE(right.metric_is(R"(ringmaster_request_ends_total{end="answered"} 2)"));
  EXPECT_EQ(engine.received(), 2U);
  silent.gate.open();
}

TEST_F(PeersTest, WriteARequestIntoTheTraceOfTheGatewayThatItCameTo) {
  FakeEngine engine(streams());
  Lines of_left;
  Lines of_right;
  {
    LiveGateway left(settings("left", {&engine}), {.trace_recording = &of_left});
    LiveGateway right(settings("right", {&engine}), {.trace_recording = &of_right});
    ASSERT_TRUE(left.is_ready());
    ASSERT_TRUE(right.is_ready());
    introduce(left, "right", right);
    TestClient client(left.port);
    EXPECT_EQ(client.post(kChat, chat("hello")).status, 200);
    EXPECT_TRUE(right.metric_is("ringmaster_requests_from_peers_total 1"));
  }
  EXPECT_EQ(of_left.lines.size(), 1U);
  EXPECT_EQ(of_right.lines.size(), 0U);
}

TEST_F(PeersTest, BlameTheOwnerForAStreamThatItLoses) {
  Pair pair(streams_behind_gate(), kNever);
  TestClient client(pair.left.port);
  const auto head = client.open("POST", kChat, chat("hello"));
  ASSERT_NE(client.read_until("first").find("first"), std::string::npos);
  pair.right.reset();
  const auto got = client.read_rest(head);
  EXPECT_NE(got.body.find("gateway right before instance " + owned_by("right") + " was lost"),
            std::string::npos)
      << got.body;
  EXPECT_TRUE(pair.left.metric_is("ringmaster_instance_failures_total{model=\"m\",instance=\"" +
                                  owned_by("right") + "\"} 0"));
  pair.engine.gate.open();
}

TEST_F(PeersTest, TakeTheRefusalOfAnOwnerForGood) {
  FakeEngine engine(prefills_behind_gate());
  FakeEngine idle(streams());
  auto of_left = settings("left", {&engine, &idle});
  of_left.instances[1].spec.name = owned_by("left");
  of_left.scheduler.policy = {.name = "round_robin"};
  auto of_right = settings("right", {&engine});
  of_right.scheduler.queue_requests_max = 0;
  LiveGateway left(of_left);
  LiveGateway right(of_right);
  ASSERT_TRUE(left.is_ready());
  ASSERT_TRUE(right.is_ready());
  introduce(left, "right", right);
  TestClient first(right.port);
  first.send("POST", kChat, chat("one"));
  ASSERT_TRUE(engine.wait_for_received(1));
  TestClient second(left.port);
  const auto refused = second.post(kChat, chat("two"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.body.find("queue of waiting requests is full"), std::string::npos);
  EXPECT_NE(refused.field("retry-after"), "");
  EXPECT_EQ(refused.field("x-ringmaster-final"), "");
  EXPECT_EQ(idle.received(), 0U);
  EXPECT_TRUE(left.metric_is("ringmaster_retries_total{model=\"m\"} 0"));
  engine.gate.open();
}

TEST_F(PeersTest, SendThemselvesWhereTheOwnerHasAnotherKey) {
  Pair pair(streams(), kNever);
  auto restarted = settings("right", {&pair.engine});
  restarted.listen = pair.port_of_right.address();
  restarted.peers.key = "another-key";
  restarted.api_keys = {"secret-of-clients"};
  pair.right.reset();
  LiveGateway right(restarted);
  TestClient client(pair.left.port);
  EXPECT_EQ(client.post(kChat, chat("hello")).status, 200);
  TestClient admin(pair.left.admin_port);
  EXPECT_TRUE(LiveGateway::shows(admin, "/admin/peers", R"("problem":"it has another peers.key")"));
}

TEST_F(PeersTest, SendThemselvesWhereTheOwnerDoesNotKnowTheModel) {
  FakeEngine engine(streams());
  auto elsewhere = settings("right", {&engine});
  elsewhere.instances[0].model = "another";
  LiveGateway left(settings("left", {&engine}));
  LiveGateway right(elsewhere);
  ASSERT_TRUE(left.is_ready());
  introduce(left, "right", right);
  TestClient client(left.port);
  EXPECT_EQ(client.post(kChat, chat("hello")).status, 200);
}

TEST_F(PeersTest, AgreeOnlyWithOneOfTheNameThatIsConfigured) {
  FakeEngine engine(streams());
  LiveGateway left(settings("left", {&engine}));
  LiveGateway right(settings("Right", {&engine}));
  ASSERT_TRUE(left.is_ready());
  TestClient admin(left.admin_port);
  const auto url = "http://127.0.0.1:" + std::to_string(right.port);
  ASSERT_EQ(admin.post("/admin/peers", R"({"id":"right","url":")" + url + R"("})").status, 201);
  EXPECT_TRUE(LiveGateway::shows(admin, "/admin/peers", R"("problem":"its peers.id is Right")"));
}

TEST_F(PeersTest, NameTheInstanceThatTheOwnerTookInstead) {
  FakeEngine engine(streams());
  auto elsewhere = settings("right", {&engine});
  elsewhere.instances[0].spec.name = "another";
  LiveGateway left(settings("left", {&engine}));
  LiveGateway right(elsewhere);
  ASSERT_TRUE(left.is_ready());
  ASSERT_TRUE(right.is_ready());
  introduce(left, "right", right);
  TestClient client(left.port);
  EXPECT_EQ(client.post(kChat, chat("hello")).field("x-ringmaster-instance"), "another");
}

TEST_F(PeersTest, TakeOverFromAnOwnerThatDrains) {
  FakeEngine engine(prefills_behind_gate());
  LiveGateway left(settings("left", {&engine}));
  auto draining = settings("right", {&engine});
  draining.drain.wait = std::chrono::milliseconds(60'000);
  LiveGateway right(draining);
  ASSERT_TRUE(left.is_ready());
  introduce(left, "right", right);
  auto drained = std::async(std::launch::async, [&] { right.gateway->drain(); });
  EXPECT_TRUE(left.metric_is("ringmaster_peer_up{peer=\"right\"} 0"));
  right.gateway->hurry();
  drained.wait();
  engine.gate.open();
}

TEST_F(PeersTest, BelieveNobodyWithoutTheKey) {
  FakeEngine engine(answers("{}"));
  auto kept = settings("left", {&engine});
  kept.api_keys = {"secret-of-clients"};
  LiveGateway left(kept);
  ASSERT_TRUE(left.is_ready());
  TestClient client(left.port);
  http::Fields wrong;
  wrong.add("x-ringmaster-peer-key", "between-gatewayz");
  wrong.add("x-ringmaster-forwarded-to", owned_by("right"));
  EXPECT_EQ(client.call("GET", "/peer/load", {}, wrong).status, 401);
  EXPECT_EQ(client.post(kChat, chat("x", false), wrong).status, 401);
  http::Fields right;
  right.add("x-ringmaster-peer-key", kKey);
  const auto load = client.call("GET", "/peer/load", {}, right);
  EXPECT_EQ(load.status, 200);
  EXPECT_NE(load.body.find(R"("id":")" + owned_by("right")), std::string::npos) << load.body;
  EXPECT_EQ(client.post(kChat, chat("x", false), right).status, 200);
}

TEST_F(PeersTest, RefuseAPeerThatCannotBeOne) {
  FakeEngine engine(answers("{}"));
  LiveGateway left(settings("left", {&engine}));
  LiveGateway alone({&engine});
  TestClient admin(left.admin_port);
  EXPECT_EQ(admin.post("/admin/peers", R"({"id":"left","url":"http://127.0.0.1:1"})").status, 400);
  EXPECT_EQ(admin.post("/admin/peers", R"({"id":"right","url":"ftp://x"})").status, 400);
  EXPECT_EQ(admin.post("/admin/peers", R"({"id":"right"})").status, 400);
  for (std::size_t i = 0; i < PeerSet::kPeersMax; ++i) {
    const auto id = "peer-" + std::to_string(i);
    const auto added =
        admin.post("/admin/peers", R"({"id":")" + id + R"(","url":"http://127.0.0.1:1"})");
    ASSERT_EQ(added.status, 201);
  }
  const auto one_too_many =
      admin.post("/admin/peers", R"({"id":"right","url":"http://127.0.0.1:1"})");
  EXPECT_EQ(one_too_many.status, 400);
  EXPECT_NE(one_too_many.body.find("64 peers"), std::string::npos) << one_too_many.body;
  EXPECT_EQ(admin.call("DELETE", "/admin/peers/right").status, 404);
  EXPECT_EQ(admin.call("DELETE", "/admin/peers/%70eer-0").status, 200);
  TestClient other(alone.admin_port);
  const auto refused = other.post("/admin/peers", R"({"id":"right","url":"http://127.0.0.1:1"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("peers.id"), std::string::npos) << refused.body;
}

}  // namespace
}  // namespace ringmaster::testing
