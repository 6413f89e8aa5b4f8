// What operators use: readiness, models, metrics, the admin listener, drain, recordings.

#include <thread>

#include <gtest/gtest.h>

#include "scheduler/event_codec.h"
#include "scheduler/scheduler.h"
#include "tests/integration/router/live_gateway.h"

namespace ringmaster::testing {
namespace {

TEST(Models, ListsEachModelOnceAsTheEngineDescribesIt) {
  FakeEngine first(streams());
  FakeEngine second(streams());
  LiveGateway gateway({&first, &second});
  TestClient client(gateway.port);
  EXPECT_TRUE(LiveGateway::shows(client, "/v1/models", "max_model_len"));
  EXPECT_EQ(client.get("/v1/models").body,
            R"({"object":"list","data":[{"id":"m","max_model_len":64}]})");
  EXPECT_EQ(client.get("/v1/models/m").status, 200);
  EXPECT_EQ(client.get("/v1/models/%6d").status, 200);
  EXPECT_EQ(client.get("/v1/models/n").status, 404);
}

TEST(Routes, RefusesWhatIsNotServed) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.post("/healthz", "{}").status, 405);
  EXPECT_EQ(client.get("/healthz").status, 200);
  const auto refused = client.get(kChat);
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.field("allow"), "POST");
}

TEST(Routes, RefusesAPathThatLeavesTheApi) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  EXPECT_EQ(client.get("/v1/../metrics").status, 400);
  EXPECT_EQ(client.get("/v1/x/%2e%2E").status, 400);
  EXPECT_EQ(client.get("/v1/x%2f..%5cmetrics").status, 400);
  EXPECT_EQ(engine.received(), 0U);
}

TEST(ApiKeys, AreAskedForAndKeptFromTheEngine) {
  FakeEngine engine(answers("{}"));
  auto settings = LiveGateway::settings_for({&engine});
  settings.api_keys = {"secret"};
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  http::Fields wrong;
  wrong.add("authorization", "Bearer secrex");
  http::Fields right;
  right.add("authorization", "Bearer secret");
  EXPECT_EQ(client.post(kChat, chat("x", false)).status, 401);
  EXPECT_EQ(client.post(kChat, chat("x", false), wrong).status, 401);
  EXPECT_EQ(client.post(kChat, chat("x", false), right).status, 200);
  EXPECT_EQ(engine.request(0).fields.find("authorization"), nullptr);
}

TEST(Admin, AddsDrainsAndRemovesInstances) {
  FakeEngine first(answers(R"({"from":"a"})"));
  FakeEngine second(answers(R"({"from":"n"})"));
  LiveGateway gateway({&first});
  TestClient admin(gateway.admin_port);
  TestClient client(gateway.port);
  const auto added =
      admin.post("/admin/instances", R"({"id":"n","url":")" + second.url() + R"(","model":"m"})");
  EXPECT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(admin.post("/admin/instances/a/drain", "{}").status, 200);
  ASSERT_TRUE(LiveGateway::shows(admin, "/admin/instances", R"("draining":true)"));
  EXPECT_EQ(client.post(kChat, chat("x", false)).body, R"({"from":"n"})");
  EXPECT_EQ(admin.call("DELETE", "/admin/instances/a").status, 200);
  EXPECT_EQ(admin.get("/admin/instances").body.find(R"("id":"a")"), std::string::npos);
  EXPECT_EQ(client.post(kChat, chat("y", false)).body, R"({"from":"n"})");
}

TEST(Admin, TakesEscapesInTheNameOfAnInstance) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient admin(gateway.admin_port);
  EXPECT_EQ(admin.get("/admin/instances/%61").status, 200);
  EXPECT_EQ(admin.get("/admin/instances/%62").status, 404);
}

TEST(Admin, SaysEverythingThatIsWrongWithANewInstance) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient admin(gateway.admin_port);
  const auto got = admin.post("/admin/instances", R"({"id":7,"url":"http://x:1","colour":"red"})");
  EXPECT_EQ(got.status, 400);
  EXPECT_NE(got.body.find(R"(\"id\" must be a string)"), std::string::npos) << got.body;
  EXPECT_EQ(got.body.find(R"(\"id\" is missing)"), std::string::npos) << got.body;
  EXPECT_NE(got.body.find(R"(\"model\" is missing)"), std::string::npos);
  EXPECT_NE(got.body.find(R"(\"colour\" is not known)"), std::string::npos);
  EXPECT_EQ(admin.post("/admin/instances", "no").status, 400);
  EXPECT_EQ(
      admin.post("/admin/instances", R"({"id":"n","url":"http://x:1","model":"m","adapter":"vlm"})")
          .status,
      400);
  EXPECT_EQ(
      admin.post("/admin/instances", R"({"id":"a\r\nb: c","url":"http://x:1","model":"m"})").status,
      400);
  EXPECT_EQ(admin.call("DELETE", "/admin/instances/z").status, 404);
  EXPECT_EQ(admin.call("PUT", "/admin/instances").status, 405);
}

TEST(Admin, HasAPageThatNobodyMayFrame) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient admin(gateway.admin_port);
  for (const char* path : {"/", "/admin", "/admin/"}) {
    const auto got = admin.get(path);
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_EQ(got.field("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(got.field("content-security-policy"), "frame-ancestors 'none'");
    EXPECT_EQ(got.body.rfind("<!doctype html>", 0), 0U);
  }
  EXPECT_EQ(admin.post("/admin/", "{}").status, 405);
}

TEST(Admin, RemovingAnInstanceMovesWhatItHadNotAnswered) {
  FakeEngine first(prefills_behind_gate());
  FakeEngine second(prefills_behind_gate());
  LiveGateway gateway({&first, &second});
  TestClient client(gateway.port);
  client.send("POST", kChat, chat("x"));
  TestClient admin(gateway.admin_port);
  ASSERT_TRUE(LiveGateway::shows(admin, "/admin/decisions", R"("decisions":[{)"));
  const bool is_first =
      admin.get("/admin/decisions").body.find(R"("chosen":"a")") != std::string::npos;
  auto& chosen = is_first ? first : second;
  auto& other = is_first ? second : first;
  ASSERT_TRUE(chosen.wait_for_received(1));
  EXPECT_EQ(admin.call("DELETE", is_first ? "/admin/instances/a" : "/admin/instances/b").status,
            200);
  EXPECT_TRUE(chosen.wait_for_cancelled(1));
  ASSERT_TRUE(other.wait_for_received(1));
  other.gate.open();
  EXPECT_EQ(client.head().field("x-ringmaster-instance"), is_first ? "b" : "a");
}

TEST(Admin, ExplainsADecisionByTheNameInTheAnswer) {
  FakeEngine engine(answers("{}"));
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  TestClient admin(gateway.admin_port);
  const auto id = client.post(kChat, chat("x", false)).field("x-ringmaster-decision");
  const auto got = admin.get("/admin/decisions/" + id);
  EXPECT_EQ(got.status, 200);
  EXPECT_NE(got.body.find(R"("chosen":"a")"), std::string::npos);
  EXPECT_EQ(admin.get("/admin/decisions/1-999").status, 404);
  EXPECT_EQ(admin.get("/admin/decisions/x").status, 400);
  EXPECT_EQ(admin.get("/admin/decisions?limit=0").status, 400);
  EXPECT_EQ(admin.get("/admin/decisions?limit=1").status, 200);
}

TEST(Admin, ExplainsADecisionWithItsSignalsTermsAndOutcome) {
  FakeEngine engine(streams());
  auto settings = LiveGateway::settings_for({&engine});
  settings.scheduler.policy.name = "dualmap";
  settings.scheduler.explain.interval = Duration::zero();
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  TestClient admin(gateway.admin_port);
  const auto id = client.post(kChat, chat(std::string(4'096, 'p'))).field("x-ringmaster-decision");
  ASSERT_TRUE(LiveGateway::shows(admin, "/admin/decisions/" + id, R"("what":"finished")"));
  const auto body = admin.get("/admin/decisions/" + id).body;
  for (const auto* part :
       {R"("explained":true)", R"("sentence":"The only instance that may take it.")",
        R"("residency":{"source":"mirror","age_seconds":null,"blocks":0})",
        R"("report":{"age_seconds":null,)", R"("terms":{"held":0,"sent":0,"uncached":)",
        R"("policy":"least_loaded","shadow":false,"instance":"a","same":true)",
        R"("policy":"round_robin","shadow":false,"absent":")", R"("what":"dispatched")",
        R"("what":"first_token")", R"("expected_cached_tokens":0,"reported_cached_tokens":4)"}) {
    EXPECT_NE(body.find(part), std::string::npos) << part << "\n" << body;
  }
}

TEST(Admin, ShowsADecisionWithoutAnExplanationWhereNoneIsKept) {
  FakeEngine engine(answers("{}"));
  auto settings = LiveGateway::settings_for({&engine});
  settings.scheduler.explain.kept = 0;
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  TestClient admin(gateway.admin_port);
  const auto id = client.post(kChat, chat("x", false)).field("x-ringmaster-decision");
  const auto body = admin.get("/admin/decisions/" + id).body;
  EXPECT_NE(body.find(R"("explained":false)"), std::string::npos) << body;
  EXPECT_EQ(body.find(R"("terms")"), std::string::npos) << body;
}

TEST(Admin, RefusesADecisionThatItDoesNotKnowAsOpenAiWould) {
  FakeEngine engine(answers("{}"));
  LiveGateway gateway({&engine});
  TestClient admin(gateway.admin_port);
  const auto unknown = admin.get("/admin/decisions/1-7");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.body.find(R"({"error":{"message":"decision 1-7 is not kept)"),
            std::string::npos)
      << unknown.body;
  for (const auto* malformed : {"1", "1-", "-1", "1-x", "1-1-1", "1-99999999999999999999999"}) {
    EXPECT_EQ(admin.get(std::string("/admin/decisions/") + malformed).status, 400) << malformed;
  }
  EXPECT_EQ(admin.get("/admin/decisionsx").status, 404);
  EXPECT_EQ(admin.call("DELETE", "/admin/decisions/1-1").status, 405);
}

TEST(Shadow, IsComparedInMetricsAndByTheAdminListener) {
  FakeEngine first(streams());
  FakeEngine second(streams());
  auto settings = LiveGateway::settings_for({&first, &second});
  settings.scheduler.policy.name = "round_robin";
  settings.scheduler.shadow = PolicyConfig{.name = "min_ttft", .options = {}};
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  TestClient admin(gateway.admin_port);
  for (const auto* instance : {"a", "b"}) {
    ASSERT_TRUE(gateway.metric_is(R"(ringmaster_instance_health{model="m",instance=")" +
                                  std::string(instance) + R"("} 2)"));
  }
  const auto prompt = chat(std::string(8'192, 'p'));
  EXPECT_EQ(client.post(kChat, prompt).field("x-ringmaster-instance"), "a");
  // What "a" has cached is known once its answer has begun, so before the second request.
  EXPECT_EQ(client.post(kChat, prompt).field("x-ringmaster-instance"), "b");
  EXPECT_TRUE(
      gateway.metric_is(R"(ringmaster_shadow_decisions_total{model="m",shadow="min_ttft"} 2)"));
  EXPECT_TRUE(
      gateway.metric_is(R"(ringmaster_shadow_differing_total{model="m",shadow="min_ttft"} 1)"));
  EXPECT_TRUE(gateway.metric_is(
      R"(ringmaster_shadow_expected_cached_tokens_total{model="m",shadow="min_ttft",choice="acting"} 0)"));
  const auto page = admin.get("/admin/shadow").body;
  EXPECT_NE(page.find(R"("policy":"round_robin","shadow":"min_ttft","failed":false,"decisions":2,)"
                      R"("differing":1,"differing_share":0.5)"),
            std::string::npos)
      << page;
  EXPECT_NE(admin.get("/admin/decisions").body.find(R"("chosen":"b","shadow":"a")"),
            std::string::npos);
}

TEST(Shadow, IsNotInMetricsWhereThereIsNone) {
  FakeEngine engine(streams());
  LiveGateway gateway({&engine});
  TestClient client(gateway.port);
  TestClient admin(gateway.admin_port);
  EXPECT_EQ(client.get("/metrics").body.find("ringmaster_shadow"), std::string::npos);
  EXPECT_EQ(admin.get("/admin/shadow").body, R"({"shadows":[]})");
}

TEST(Start, SaysNothingButThatAnAddressIsTaken) {
  struct Said final : LogSink {
    std::vector<std::string> lines;
    [[nodiscard]] bool enabled(LogLevel /*level*/) const override { return true; }
    void write(LogLevel /*level*/, std::string_view line) override { lines.emplace_back(line); }
  };
  FakeEngine engine(streams());
  Said said;
  GatewayParts parts;
  parts.settings = LiveGateway::settings_for({&engine});
  parts.settings.admin_listen = "127.0.0.1:" + std::to_string(engine.port());
  parts.log = &said;
  const auto started = Gateway::start(std::move(parts));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("cannot listen on 127.0.0.1:"), std::string::npos);
  EXPECT_TRUE(said.lines.empty()) << said.lines.front();
}

TEST(Drain, FinishesWhatHasBegunAndTakesNothingNew) {
  FakeEngine engine(streams_behind_gate());
  auto settings = LiveGateway::settings_for({&engine});
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  ASSERT_EQ(client.open("POST", kChat, chat("x")).status, 200);
  ASSERT_EQ(client.read_until("first"), chunk("first"));
  std::thread drain([&] { gateway.gateway->drain(); });
  TestClient late(gateway.port);
  while (late.get("/healthz").status != 0) {
  }
  engine.gate.open();
  EXPECT_EQ(client.read_rest({}).body, chunk("last") + kFinish + kDone);
  drain.join();
}

TEST(Drain, IsNotReadyWhileItStillServes) {
  FakeEngine engine(answers("{}"));
  auto settings = LiveGateway::settings_for({&engine});
  settings.drain.wait = std::chrono::milliseconds(60'000);
  LiveGateway gateway(settings);
  ASSERT_TRUE(gateway.is_ready());
  std::thread drain([&] { gateway.gateway->drain(); });
  TestClient client(gateway.port);
  EXPECT_TRUE(LiveGateway::shows(client, "/readyz", "draining"));
  EXPECT_EQ(client.post(kChat, chat("x", false)).status, 200);
  gateway.gateway->hurry();
  drain.join();
}

TEST(Drain, EndsWhatOutlivesTheGraceInAnErrorFrame) {
  FakeEngine engine(streams_behind_gate());
  auto settings = LiveGateway::settings_for({&engine});
  settings.drain.grace = std::chrono::milliseconds(1);
  LiveGateway gateway(settings);
  TestClient streaming(gateway.port);
  ASSERT_EQ(streaming.open("POST", kChat, chat("x")).status, 200);
  ASSERT_EQ(streaming.read_until("first"), chunk("first"));
  gateway.gateway->drain();
  EXPECT_NE(streaming.read_rest({}).body.find("shutting_down"), std::string::npos);
  EXPECT_TRUE(engine.wait_for_cancelled(1));
}

TEST(Drain, RefusesWhatIsStillWaitingBehindTheGrace) {
  FakeEngine engine(prefills_behind_gate());
  auto settings = LiveGateway::settings_for({&engine});
  settings.drain.grace = std::chrono::milliseconds(1);
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  client.send("POST", kChat, chat("x"));
  ASSERT_TRUE(engine.wait_for_received(1));
  gateway.gateway->drain();
  EXPECT_EQ(client.head().status, 503);
}

TEST(Start, SaysWhichAddressCannotBeBound) {
  FakeEngine engine(streams());
  auto settings = LiveGateway::settings_for({&engine});
  settings.listen = "127.0.0.1:" + std::to_string(engine.port());
  NullLog log;
  GatewayParts parts;
  parts.settings = settings;
  parts.log = &log;
  const auto started = Gateway::start(std::move(parts));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find(settings.listen), std::string::npos);
}

TEST(Start, SaysWhichInstanceCannotBeUsed) {
  FakeEngine engine(streams());
  NullLog log;
  GatewayParts parts;
  parts.settings = LiveGateway::settings_for({&engine, &engine, &engine});
  parts.settings.instances[1].url = "http://127.0.0.1:x";
  parts.log = &log;
  const auto started = Gateway::start(std::move(parts));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            "instance b: \"http://127.0.0.1:x\": the port must be a number in [1, 65535]; "
            "expected http://host[:port][/path]");
}

TEST(Start, HasEveryInstanceAndModelOfTheConfigurationFromTheFirstRequestOn) {
  FakeEngine engine(answers("{}"));
  auto settings = LiveGateway::settings_for({&engine, &engine, &engine});
  settings.instances[2].model = "n";
  LiveGateway gateway(settings);
  TestClient client(gateway.port);
  EXPECT_EQ(client.get("/v1/models/m").status, 200);
  EXPECT_EQ(client.get("/v1/models/n").status, 200);
  EXPECT_EQ(client.post(kChat, chat("x", false)).status, 200);
  const auto listed = TestClient(gateway.admin_port).get("/admin/instances").body;
  for (const auto* id : {R"("id":"a")", R"("id":"b")", R"("id":"c")"}) {
    EXPECT_NE(listed.find(id), std::string::npos) << id;
  }
}

/// Feeds the recorded events to a new scheduler and returns what it answers, as lines.
std::vector<std::string> replay(const std::vector<std::string>& recorded) {
  auto scheduler = Scheduler::create(parse_header_line(recorded.front()).value()).value();
  std::vector<std::string> lines{recorded.front()};
  for (std::size_t i = 1; i < recorded.size(); ++i) {
    if (is_action_line(recorded[i])) continue;
    lines.push_back(recorded[i]);
    auto timed = parse_event_line(recorded[i]).value();
    ActionList actions;
    scheduler->apply(std::move(timed.event), timed.time, actions);
    for (const auto& action : actions) {
      std::string line;
      append_action_line(line, action);
      line.pop_back();
      lines.push_back(line);
    }
  }
  return lines;
}

TEST(Recording, OfTheLiveSchedulerReplaysToTheSameActions) {
  FakeEngine first(streams());
  FakeEngine second(streams());
  Lines events;
  GatewayParts parts;
  parts.event_recording = [&](const std::string&, std::uint32_t) { return &events; };
  auto live =
      std::make_unique<LiveGateway>(LiveGateway::settings_for({&first, &second}), std::move(parts));
  {
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&, i] {
        TestClient client(live->port);
        for (int turn = 0; turn < 20; ++turn) {
          const auto text =
              std::string(200, static_cast<char>('a' + i)) + std::string(turn * 64, 'x');
          EXPECT_EQ(client.post(kChat, chat(text)).status, 200);
        }
      });
    }
    for (auto& client : clients) client.join();
  }
  live.reset();
  ASSERT_GT(events.lines.size(), 240U);
  EXPECT_EQ(replay(events.lines), events.lines);
}

TEST(Tokenizer, CountsALongPromptInThePoolAsItDoesAShortOne) {
  FakeEngine engine(answers("{}"));
  GatewayParts parts;
  const auto encoding = std::make_shared<PromptEncoding>();
  encoding->chat = [](std::string_view body) -> Result<TokenVector> {
    return TokenVector(body.size() / 2, 7);
  };
  parts.encoders["m"] = encoding;
  LiveGateway gateway(LiveGateway::settings_for({&engine}), std::move(parts));
  TestClient client(gateway.port);
  TestClient admin(gateway.admin_port);
  for (const std::size_t bytes : {1'000, 200'000}) {
    const auto body = chat(std::string(bytes, 'x'), false);
    EXPECT_EQ(client.post(kChat, body).status, 200);
    EXPECT_NE(admin.get("/admin/decisions?limit=1")
                  .body.find("\"prompt_tokens\":" + std::to_string(body.size() / 2)),
              std::string::npos);
  }
}

TEST(Recording, WritesWhatTheHeadersSayOfARequestIntoTheTrace) {
  FakeEngine engine(streams());
  Lines trace;
  GatewayParts parts;
  parts.trace_recording = &trace;
  auto live = std::make_unique<LiveGateway>(LiveGateway::settings_for({&engine}), std::move(parts));
  {
    TestClient client(live->port);
    http::Fields fields;
    fields.add("x-session-id", "conversation-1");
    fields.add("x-steps-to-execution", "3");
    EXPECT_EQ(client.post(kChat, chat("hello"), fields).status, 200);
    ASSERT_TRUE(live->metric_is(R"(ringmaster_request_ends_total{end="answered"} 1)"));
  }
  live.reset();
  ASSERT_EQ(trace.lines.size(), 1U);
  EXPECT_NE(trace.lines[0].find(R"("session": )"), std::string::npos) << trace.lines[0];
  EXPECT_NE(trace.lines[0].find(R"("steps_to_execution": 3)"), std::string::npos);
  EXPECT_EQ(trace.lines[0].find("conversation"), std::string::npos);
}

TEST(Adapters, AreServedByTheFleetOfTheirModel) {
  FakeEngine engine(streams());
  auto settings = LiveGateway::settings_for({&engine});
  settings.models.push_back({.name = "m", .adapters = {"m-sql"}});
  LiveGateway live(settings);
  TestClient client(live.port);
  auto body = chat("hello");
  body.replace(body.find(R"("model":"m")"), 11, R"("model":"m-sql")");
  EXPECT_EQ(client.post(kChat, body).status, 200);
  EXPECT_NE(client.get("/v1/models").body.find(R"("id":"m-sql")"), std::string::npos);
  EXPECT_EQ(client.get("/v1/models/m-sql").status, 200);
  EXPECT_EQ(client.get("/v1/models/m-other").status, 404);
}

TEST(Recording, WritesOneTraceRecordPerRequestInOrderOfArrival) {
  FakeEngine engine(streams());
  Lines trace;
  GatewayParts parts;
  parts.trace_recording = &trace;
  auto live = std::make_unique<LiveGateway>(LiveGateway::settings_for({&engine}), std::move(parts));
  {
    TestClient client(live->port);
    EXPECT_EQ(client.post(kChat, chat(std::string(4'096, 'p'))).status, 200);
    EXPECT_EQ(client.post(kChat, chat(std::string(4'096, 'p'))).status, 200);
    ASSERT_TRUE(live->metric_is(R"(ringmaster_request_ends_total{end="answered"} 2)"));
  }
  live.reset();
  ASSERT_EQ(trace.lines.size(), 2U);
  const auto ids = [](const std::string& line) {
    const auto begin = line.find("\"hash_ids\"");
    return line.substr(begin, line.find(',', begin) - begin);
  };
  EXPECT_NE(trace.lines[0].find(R"("output_length": 2})"), std::string::npos) << trace.lines[0];
  EXPECT_EQ(ids(trace.lines[0]), ids(trace.lines[1]));
  EXPECT_EQ(trace.lines[0].find("ppp"), std::string::npos);
}

}  // namespace
}  // namespace ringmaster::testing
