#include <set>

#include <gtest/gtest.h>

#include "tests/support/engine_server_bench.h"

namespace ringmaster::engine {
namespace {

namespace json = boost::json;

// Reads the first `count` events of a KV event stream.
asio::awaitable<std::vector<json::value>> read_events(http::Client& client, http::Endpoint endpoint,
                                                      std::string target, std::size_t count) {
  const http::RequestHead head{.method = "GET", .target = target};
  const http::Deadlines deadlines{.total = EngineServerBench::kPatience};
  std::vector<json::value> events;
  auto sent = co_await client.send(endpoint, head, "", deadlines);
  if (!sent || (*sent)->head().status != 200) co_return events;
  http::SseReader reader;
  while (events.size() < count) {
    const auto bytes = co_await (*sent)->read_some();
    if (!bytes || bytes->empty()) co_return events;
    reader.feed(*bytes);
    for (auto event = reader.next(); event && *event; event = reader.next()) {
      events.push_back(json::parse((*event)->data));
    }
  }
  co_return events;
}

struct KvEventsTest : ::testing::Test {
  http::IoThreads threads{1};
  http::Client client{threads, {}};
  EngineServerBench bench{{.blocks = 8}};

  std::vector<json::value> read(const std::string& target, std::size_t count) {
    return asio::co_spawn(threads.executor(0), read_events(client, bench.endpoint(), target, count),
                          asio::use_future)
        .get();
  }

  // Fills some two blocks under a salt of its own.
  void use(const std::string& salt) {
    const HttpAnswer answer = bench.complete(
        R"("prompt":"one two three four five six seven eight nine ten","max_tokens":8,"cache_salt":")" +
        salt + "\"");
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
};

std::set<std::string> apply(std::set<std::string> blocks, const json::value& batch) {
  for (const json::value& event : batch.at("events").as_array()) {
    const auto type = event.at("type").as_string();
    if (type == "snapshot" || type == "cleared") blocks.clear();
    for (const json::value& block : event.at("blocks").as_array()) {
      if (type == "removed") {
        EXPECT_EQ(blocks.erase(std::string(block.as_string())), 1U);
      } else {
        EXPECT_TRUE(blocks.insert(std::string(block.as_string())).second);
      }
    }
  }
  return blocks;
}

TEST_F(KvEventsTest, StartsWithASnapshotUnlessAskedForASequence) {
  use("a");
  const auto events = read("/kv_events", 1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].at("events").at(0).at("type").as_string(), "snapshot");
  EXPECT_GT(events[0].at("sequence").as_int64(), 0);
  EXPECT_GE(events[0].at("events").at(0).at("blocks").as_array().size(), 1U);
  EXPECT_EQ(events[0].at("events").at(0).at("blocks").at(0).as_string().size(), 32U);
}

TEST_F(KvEventsTest, ReplaysToTheStateOfASnapshot) {
  for (const char* salt : {"a", "b", "c", "d", "e", "f"}) use(salt);  // Eight blocks: evictions.
  const json::value snapshot = read("/kv_events?from=0", 1).at(0);
  const auto last = static_cast<std::size_t>(snapshot.at("sequence").as_int64());
  const auto batches = read("/kv_events?from=1", last);
  ASSERT_EQ(batches.size(), last);
  std::set<std::string> replayed;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    EXPECT_EQ(batches[i].at("sequence").as_int64(), static_cast<std::int64_t>(i + 1));
    replayed = apply(std::move(replayed), batches[i]);
  }
  EXPECT_EQ(replayed, apply({}, snapshot));
}

TEST_F(KvEventsTest, AnswersASequenceOfAnotherLifeWithASnapshot) {
  use("a");
  EXPECT_EQ(read("/kv_events?from=1&epoch=77", 1).at(0).at("events").at(0).at("type").as_string(),
            "snapshot");
  EXPECT_EQ(read("/kv_events?from=99", 1).at(0).at("events").at(0).at("type").as_string(),
            "snapshot");
  EXPECT_EQ(read("/kv_events?from=1&epoch=1", 1).at(0).at("events").at(0).at("type").as_string(),
            "stored");
}

TEST_F(KvEventsTest, RefusesAQueryThatItCannotRead) {
  const HttpAnswer refused = bench.get("/kv_events?from=abc");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.json().at("error").at("param").as_string(), "from");
  EXPECT_EQ(bench.get("/kv_events?from=1&epoch=").status, 400);
  EXPECT_EQ(bench.get("/kv_events?form=1").status, 400);
}

TEST_F(KvEventsTest, GoesOnWithLiveBatches) {
  auto reading =
      asio::co_spawn(threads.executor(0), read_events(client, bench.endpoint(), "/kv_events", 2),
                     asio::use_future);
  ASSERT_TRUE(bench.eventually([&](const EngineStats&) { return true; }));
  while (reading.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    use("a" + std::to_string(bench.server->stats().steps));
  }
  EXPECT_GE(reading.get().size(), 2U);  // One read may bring more than it waited for.
}

}  // namespace
}  // namespace ringmaster::engine
