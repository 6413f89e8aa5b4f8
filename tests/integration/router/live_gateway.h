#pragma once

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "base/check.h"
#include "http/client.h"
#include "http/io_threads.h"
#include "router/gateway.h"
#include "tests/integration/router/engine_scripts.h"

namespace ringmaster::testing {

/// What a client got.
struct Got {
  int status = 0;
  http::Fields fields;
  std::string body;

  [[nodiscard]] std::string field(std::string_view name) const {
    const auto* value = fields.find(name);
    return value == nullptr ? std::string() : *value;
  }
};

/// A client of its own thread, driven step by step.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : endpoint_{.host = "127.0.0.1", .port = port} {}
  ~TestClient() {
    hang_up();
    threads_.stop();
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  Got call(std::string method, std::string target, std::string body = {},
           http::Fields fields = {}) {
    const auto got = open(std::move(method), std::move(target), std::move(body), std::move(fields));
    return read_rest(got);
  }
  Got post(std::string target, std::string body, http::Fields fields = {}) {
    return call("POST", std::move(target), std::move(body), std::move(fields));
  }
  Got get(std::string target) { return call("GET", std::move(target)); }

  /// Sends without waiting for the answer.
  void send(std::string method, std::string target, std::string body, http::Fields fields = {}) {
    sending_ = asio::co_spawn(
        threads_.executor(0),
        run(std::move(method), std::move(target), std::move(body), std::move(fields)),
        asio::bind_cancellation_slot(cancel_.slot(), asio::use_future));
  }
  /// Waits for the head of what was sent.
  Got head() {
    RINGMASTER_CHECK(sending_.wait_for(kPatience) == std::future_status::ready);
    return sending_.get();
  }
  Got open(std::string method, std::string target, std::string body, http::Fields fields = {}) {
    send(std::move(method), std::move(target), std::move(body), std::move(fields));
    return head();
  }

  /// More of the body; empty at its end, "<lost>" where the connection broke.
  std::string read_some() { return wait_for(next()); }
  std::string read_until(std::string_view text) {
    std::string all;
    while (all.find(text) == std::string::npos) {
      const auto bytes = read_some();
      if (bytes.empty() || bytes == "<lost>") return all + bytes;
      all += bytes;
    }
    return all;
  }
  Got read_rest(Got got) {
    for (auto bytes = read_some(); !bytes.empty(); bytes = read_some()) {
      got.body += bytes;
      if (bytes == "<lost>") break;
    }
    return got;
  }

  /// Closes the connection, whatever it waits for.
  void hang_up() {
    std::promise<void> done;
    asio::post(threads_.executor(0), [&] {
      cancel_.emit(asio::cancellation_type::terminal);
      exchange_.reset();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  asio::awaitable<Got> run(std::string method, std::string target, std::string body,
                           http::Fields fields) {
    co_await asio::this_coro::throw_if_cancelled(false);
    http::RequestHead head;
    head.method = std::move(method);
    head.target = std::move(target);
    head.fields = std::move(fields);
    if (!body.empty() && head.fields.find("content-type") == nullptr) {
      head.fields.add("content-type", "application/json");
    }
    const http::Deadlines none{};
    auto sent = co_await client_.send(endpoint_, head, body, none);
    Got got;
    if (sent) {
      exchange_ = std::move(*sent);
      got.status = exchange_->head().status;
      got.fields = exchange_->head().fields;
    }
    co_return got;
  }
  asio::awaitable<std::string> next() {
    if (!exchange_) co_return "<lost>";
    const auto bytes = co_await exchange_->read_some();
    co_return bytes ? std::string(*bytes) : std::string("<lost>");
  }
  template <class T>
  T wait_for(asio::awaitable<T> what) {
    auto future = asio::co_spawn(threads_.executor(0), std::move(what), asio::use_future);
    RINGMASTER_CHECK(future.wait_for(kPatience) == std::future_status::ready);
    return future.get();
  }

  http::Endpoint endpoint_;
  http::IoThreads threads_{1};
  http::Client client_{threads_, http::ClientOptions{}};
  asio::cancellation_signal cancel_;
  std::unique_ptr<http::Exchange> exchange_;  // On the thread.
  std::future<Got> sending_;
};

/// A recording that can be read once its gateway is gone.
struct Lines final : LineSink {
  std::vector<std::string> lines;
  void write_line(std::string_view line) override { lines.emplace_back(line); }
};

/// A gateway in this process, in front of fake engines.
class LiveGateway {
 public:
  static GatewaySettings settings_for(const std::vector<FakeEngine*>& engines) {
    GatewaySettings settings;
    settings.listen = "127.0.0.1:0";
    settings.admin_listen = "127.0.0.1:0";
    settings.threads = 2;
    settings.health.interval = std::chrono::milliseconds(20);
    settings.health.timeout = std::chrono::milliseconds(2'000);
    settings.drain.grace = std::chrono::milliseconds(10'000);
    const std::string names = "abcdefgh";
    for (std::size_t i = 0; i < engines.size(); ++i) {
      InstanceSettings instance;
      instance.spec.name = names.substr(i, 1);
      instance.url = engines[i]->url();
      instance.model = "m";
      settings.instances.push_back(instance);
    }
    return settings;
  }

  explicit LiveGateway(const std::vector<FakeEngine*>& engines)
      : LiveGateway(settings_for(engines)) {}
  explicit LiveGateway(GatewaySettings settings, GatewayParts parts = {}) {
    parts.settings = std::move(settings);
    parts.log = &log_;
    auto started = Gateway::start(std::move(parts));
    if (!started) internal::check_failed(started.error().message, __FILE__, __LINE__);
    gateway = std::move(*started);
    port = gateway->port();
    admin_port = gateway->admin_port();
  }

  /// Asks again and again until the body has `text`; false when patience ends.
  [[nodiscard]] static bool shows(TestClient& client, const std::string& target,
                                  std::string_view text) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < until) {
      if (client.get(target).body.find(text) != std::string::npos) return true;
    }
    return false;
  }
  [[nodiscard]] bool is_ready() const {
    TestClient client(port);
    return shows(client, "/readyz", "true");
  }
  [[nodiscard]] bool metric_is(const std::string& line) const {
    TestClient client(port);
    return shows(client, "/metrics", line + "\n");
  }

 private:
  NullLog log_;

 public:
  std::unique_ptr<Gateway> gateway;
  std::uint16_t port = 0;
  std::uint16_t admin_port = 0;
};

inline const std::string kChat = "/v1/chat/completions";
inline std::string chat(const std::string& text, bool stream = true) {
  return R"({"model":"m","stream":)" + std::string(stream ? "true" : "false") +
         R"(,"messages":[{"role":"user","content":")" + text + R"("}]})";
}

}  // namespace ringmaster::testing
