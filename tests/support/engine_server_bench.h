#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "engine/server/engine_server.h"
#include "engine/tiny_model.h"
#include "http/client.h"
#include "http/server.h"
#include "http/sse.h"
#include "http/steady_clock.h"
#include "tests/support/step_gate.h"

namespace ringmaster::engine {

/// A whole answer.
struct HttpAnswer {
  int status = 0;
  http::Fields fields;
  std::string body;

  [[nodiscard]] boost::json::value json() const { return boost::json::parse(body); }
  [[nodiscard]] std::string field(std::string_view name) const {
    const std::string* value = fields.find(name);
    return value == nullptr ? "" : *value;
  }
  /// The data of each event that is more than a comment, if this was a stream.
  [[nodiscard]] std::vector<std::string> events() const {
    http::SseReader reader;
    reader.feed(body);
    std::vector<std::string> all;
    for (auto event = reader.next(); event && *event; event = reader.next()) {
      if (!(*event)->data.empty()) all.emplace_back((*event)->data);
    }
    return all;
  }
};

struct BenchOptions {
  std::int32_t blocks = 4096;
  std::int32_t context_tokens = 16'384;
  EngineServerOptions server;
};

/// An engine server on a free port, on a simulated device whose steps a test can hold, and a
/// client. Waiting is bounded everywhere.
class EngineServerBench {
 public:
  static constexpr std::chrono::seconds kPatience{60};

  explicit EngineServerBench(BenchOptions options = {}, Executor* device = nullptr)
      : sim_(sim_options(options), &gate), client_(client_threads_, {}) {
    options.server.model_name = "tiny";
    options.server.version = "test";
    server = std::make_unique<EngineServer>(device != nullptr ? *device : sim_, make_encoder(),
                                            options.server, server_threads_, clock_, log_);
    listener =
        std::make_unique<http::Server>(server_threads_, *server, log_, http::ServerOptions{});
    EXPECT_TRUE(listener->listen("127.0.0.1:0"));
  }

  ~EngineServerBench() {
    gate.open();
    client_threads_.stop();
    listener->close_all();
    listener.reset();
    server_threads_.stop();
    server.reset();
  }

  HttpAnswer get(std::string target) { return call("GET", std::move(target), "").get(); }
  HttpAnswer post(std::string target, std::string body, http::Fields fields = {}) {
    return call("POST", std::move(target), std::move(body), std::move(fields)).get();
  }
  HttpAnswer complete(std::string fields) { return post("/v1/completions", with_model(fields)); }

  static std::string with_model(const std::string& fields) {
    return R"({"model":"tiny",)" + fields + "}";
  }

  std::future<HttpAnswer> call(std::string method, std::string target, std::string body,
                               http::Fields fields = {}) {
    return spawn(
        exchange(std::move(method), std::move(target), std::move(body), std::move(fields)));
  }

  /// Sends a request and leaves: when the head has come, or else when `leave` is set.
  std::future<int> send_and_read_head(std::string target, std::string body,
                                      std::shared_ptr<std::unique_ptr<http::Exchange>> keep) {
    return spawn(open_exchange(std::move(target), std::move(body), std::move(keep)));
  }

  /// Runs on the client's thread.
  void on_client_thread(std::function<void()> action) {
    std::promise<void> done;
    asio::post(client_threads_.executor(0), [&] {
      action();
      done.set_value();
    });
    ASSERT_EQ(done.get_future().wait_for(kPatience), std::future_status::ready);
  }

  template <class T>
  std::future<T> spawn(asio::awaitable<T> work) {
    return asio::co_spawn(client_threads_.executor(0), std::move(work), asio::use_future);
  }

  /// Asks the engine until `condition` holds.
  ::testing::AssertionResult eventually(const std::function<bool(const EngineStats&)>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (condition(server->stats())) return ::testing::AssertionSuccess();
      (void)get("/health");  // A round trip through both threads instead of a sleep.
    }
    return ::testing::AssertionFailure() << "still not so";
  }

  static bool is_idle(const EngineStats& stats) {
    return stats.running == 0 && stats.waiting == 0 && stats.held_blocks == 0;
  }

  http::Endpoint endpoint() const { return {.host = "127.0.0.1", .port = listener->port()}; }

  StepGate gate;

 private:
  static std::shared_ptr<const PromptEncoder> make_encoder() {
    static const auto files = make_tiny_model({});
    PromptEncoderFiles texts;
    for (const ModelFile& file : files) {
      if (file.name == "tokenizer.json") texts.tokenizer_json = file.bytes;
      if (file.name == "tokenizer_config.json") texts.tokenizer_config_json = file.bytes;
    }
    static const auto encoder = PromptEncoder::create(texts).value();
    return encoder;
  }

  static SimExecutorOptions sim_options(const BenchOptions& options) {
    SimExecutorOptions sim{.model = {.name = "tiny",
                                     .vocabulary_size = 512,
                                     .context_tokens_max = options.context_tokens},
                           .block_count = options.blocks};
    for (TokenId letter = 'a'; letter <= 'z'; ++letter) {
      sim.output_tokens.push_back(
          *make_encoder()->tokenizer().token_id(std::string(1, static_cast<char>(letter))));
    }
    return sim;
  }

  asio::awaitable<HttpAnswer> exchange(std::string method, std::string target, std::string body,
                                       http::Fields fields) {
    const http::RequestHead head{.method = method, .target = target, .fields = std::move(fields)};
    const http::Deadlines deadlines{.total = kPatience};
    auto sent = co_await client_.send(endpoint(), head, body, deadlines);
    HttpAnswer answer;
    if (!sent) {
      answer.body = sent.error().message;
      co_return answer;
    }
    answer.status = (*sent)->head().status;
    answer.fields = (*sent)->head().fields;
    auto rest = co_await (*sent)->read_all(std::size_t{64} << 20U);
    answer.body = rest ? *rest : "lost: " + rest.error().message;
    co_return answer;
  }

  asio::awaitable<int> open_exchange(std::string target, std::string body,
                                     std::shared_ptr<std::unique_ptr<http::Exchange>> keep) {
    const http::RequestHead head{.method = "POST", .target = target};
    const http::Deadlines deadlines{.total = kPatience};
    auto sent = co_await client_.send(endpoint(), head, body, deadlines);
    if (!sent) co_return 0;
    *keep = std::move(*sent);
    co_return (*keep)->head().status;
  }

  NullLog log_;
  http::SteadyClock clock_;
  http::IoThreads server_threads_{2};
  http::IoThreads client_threads_{1};
  SimExecutor sim_;
  http::Client client_;

 public:
  std::unique_ptr<EngineServer> server;
  std::unique_ptr<http::Server> listener;
};

}  // namespace ringmaster::engine
