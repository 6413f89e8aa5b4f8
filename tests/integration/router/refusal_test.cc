// What the gateway says of requests that it does not forward, and of instances that it lost.

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "base/check.h"
#include "tests/integration/router/live_gateway.h"

namespace ringmaster::testing {
namespace {

bool has(const Got& got, std::string_view text) {
  return got.body.find(text) != std::string::npos;
}

http::Fields with(std::string_view name, std::string_view value) {
  http::Fields fields;
  fields.add(name, value);
  return fields;
}

TEST(Models, AreAnsweredHereForHeadToo) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  ASSERT_TRUE(LiveGateway::shows(client, "/v1/models", "max_model_len"));
  const auto got = client.call("HEAD", "/v1/models");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.field("x-ringmaster-instance"), "");
  EXPECT_EQ(engine.received(), 0U);
}

TEST(Routes, AreNamedToWhoAsksForAnother) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_TRUE(has(client.get("/health"),
                  "there is no /health; the API is under /v1/, and there are /healthz, /readyz and "
                  "/metrics"));
}

TEST(Body, IsRefusedByItsNameWhereItIsCompressed) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, "\x1f\x8b", with("content-encoding", "gzip"));
  EXPECT_EQ(got.status, 415);
  EXPECT_TRUE(has(got, "a body with Content-Encoding is not read")) << got.body;
  EXPECT_EQ(client.post(kChat, chat("x"), with("content-encoding", "identity")).status, 200);
}

TEST(Body, IsRefusedWithThePlaceWhereItIsNoJson) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_TRUE(has(client.post(kChat, R"({"model":"m","messages":[}]})"), " at byte 25 of 28"));
}

TEST(Body, IsRefusedByTheFieldAtFault) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_TRUE(has(client.post(kChat, R"({"model":"m","stream":"yes"})"), R"("param":"stream")"));
  EXPECT_TRUE(has(client.post(kChat, R"({"messages":[]})"), R"("param":"model")"));
  EXPECT_EQ(engine.received(), 0U);
}

TEST(Header, IsRefusedWhereItShouldBeANumber) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x"), with("x-steps-to-execution", "soon"));
  EXPECT_EQ(got.status, 400);
  EXPECT_TRUE(has(got, "the header x-steps-to-execution must be a whole number in [0, 1000000]"));
  EXPECT_EQ(engine.received(), 0U);
}

TEST(Failure, NamesTheLastInstanceThatWasLost) {
  FakeEngine first(breaks_after(""));
  FakeEngine second(breaks_after(""));
  first.gate.open();
  second.gate.open();
  LiveGateway gateway({&first, &second});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x"));
  EXPECT_EQ(got.status, 503);
  EXPECT_NE(got.field("retry-after"), "");
  EXPECT_TRUE(has(got, "no instance is left to try; instance ")) << got.body;
  EXPECT_TRUE(has(got, R"( failed: connection lost")")) << got.body;
  EXPECT_TRUE(has(got, R"("code":"instance_failed")")) << got.body;
}

TEST(Failure, GivesTheEnginesOwn502WhenNobodyTakesIt) {
  FakeEngine engine(answers(R"({"error":{"message":"the device failed"}})", 502));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.post(kChat, chat("x"));
  EXPECT_EQ(got.status, 502);
  EXPECT_TRUE(has(got, "the device failed")) << got.body;
}

/// No further file can be opened while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    RINGMASTER_CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{.rlim_cur = 3, .rlim_max = before_.rlim_max};
    RINGMASTER_CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(Failure, OfTheGatewayItselfIsNotTheInstances) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the check of types that comes with this sanitizer opens pipes and takes their "
                  "lack for a wrong type";
#endif
  FakeEngine engine(streams_behind_gate());
  auto settings = LiveGateway::settings_for({&engine});
  settings.threads = 1;
  settings.health.interval = std::chrono::hours(1);
  LiveGateway gateway(settings);
  TestClient first(gateway.port);
  TestClient second(gateway.port);
  // Its connection is there from now on; so is one to the engine, which has told its model.
  ASSERT_TRUE(LiveGateway::shows(second, "/v1/models", "max_model_len"));
  first.send("POST", kChat, chat("x"));  // Takes that one.
  ASSERT_EQ(first.head().status, 200);
  Got got;
  {
    const NoDescriptors none;
    got = second.post(kChat, chat("y"));
  }
  EXPECT_EQ(got.status, 503);
  EXPECT_TRUE(has(got, "the gateway itself has no connection to spare")) << got.body;
  EXPECT_TRUE(gateway.metric_is(R"(ringmaster_instance_failures_total{model="m",instance="a"} 0)"));
  engine.gate.open();
}

TEST(Admin, IsNotChangedByPagesOfAnotherOrigin) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient admin(gateway.admin_port);
  const auto elsewhere = with("origin", "http://elsewhere.example");
  EXPECT_EQ(admin.post("/admin/instances/a/drain", "{}", elsewhere).status, 403);
  EXPECT_EQ(admin.call("DELETE", "/admin/instances/a", {}, elsewhere).status, 403);
  EXPECT_EQ(admin.post("/admin/instances/a/drain", "{}", with("origin", "null")).status, 403);
  EXPECT_EQ(admin.call("GET", "/admin/instances/a", {}, elsewhere).status, 200);
  const auto own = with("origin", "http://127.0.0.1:" + std::to_string(gateway.admin_port));
  EXPECT_EQ(admin.post("/admin/instances/a/drain", "{}", own).status, 200);
}

TEST(Admin, ShowsOneInstanceByItsName) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient admin(gateway.admin_port);
  EXPECT_EQ(admin.get("/admin/instances/a").body.find(R"({"id":"a",)"), 0U);
  EXPECT_EQ(admin.get("/admin/instances/z").status, 404);
}

TEST(Admin, TakesEveryKeyOfAnInstanceAndOffersTheNearest) {
  FakeEngine engine(streams());
  FakeEngine added(streams());
  LiveGateway gateway({&engine});
  TestClient admin(gateway.admin_port);
  const auto add = [&](const std::string& keys) {
    return admin.post("/admin/instances",
                      R"({"id":"n","url":")" + added.url() + R"(","model":"m",)" + keys + "}");
  };
  EXPECT_TRUE(has(add(R"("capacty":2)"), R"(\"capacty\" is not known (did you mean 'capacity'?))"));
  EXPECT_TRUE(has(add(R"("kv_cache_tokens":-1)"),
                  R"(\"kv_cache_tokens\" must be a whole number in [0, 1e+12])"));
  EXPECT_TRUE(has(add(R"("prefill_seconds_per_token":0)"),
                  R"(\"prefill_seconds_per_token\" must be a number in [1e-09, 10])"));
  EXPECT_TRUE(has(add(R"("ask_usage":"yes")"), R"(\"ask_usage\" must be true or false)"));
  const auto got = add(R"("capacity":0.5,"kv_cache_tokens":64000,)"
                       R"("prefill_seconds_per_token":2e-5,"ask_usage":true)");
  EXPECT_EQ(got.status, 201) << got.body;
}

TEST(Metrics, TellOfTheBuildAndTheProcess) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  const auto got = client.get("/metrics");
  EXPECT_TRUE(has(got, R"(ringmaster_build_info{version="unknown"} 1)")) << got.body;
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_open_fds", "process_start_time_seconds"}) {
    const auto at = got.body.find("\n" + std::string(name) + " ");
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(std::stod(got.body.substr(at + std::string_view(name).size() + 2)), 0.0) << name;
  }
}

}  // namespace
}  // namespace ringmaster::testing
