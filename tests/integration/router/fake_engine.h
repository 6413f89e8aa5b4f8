#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "http/io_threads.h"
#include "http/server.h"
#include "tests/support/held_port.h"

namespace ringmaster::testing {

namespace asio = boost::asio;

/// How long a test waits for anything at most.
inline constexpr std::chrono::seconds kPatience{20};

/// Something that handlers of one engine wait for and the test opens.
class Gate {
 public:
  explicit Gate(asio::any_io_executor executor) : timer_(std::move(executor)) {}

  asio::awaitable<void> wait() {
    while (!is_open_) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return;
      timer_.expires_after(kPatience);
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
  void open() {
    asio::post(timer_.get_executor(), [this] {
      is_open_ = true;
      timer_.cancel();
    });
  }

 private:
  asio::steady_timer timer_;
  bool is_open_ = false;
};

/// An engine on a loopback port whose answers a test scripts.
class FakeEngine final : public http::Handler {
 public:
  using Script =
      std::function<asio::awaitable<void>(FakeEngine&, http::Request&, http::ResponseWriter&)>;

  /// `script` answers what is posted to /v1/; health and models are answered by the engine itself.
  explicit FakeEngine(Script script, std::string models = R"([{"id":"m","max_model_len":64}])")
      : script_(std::move(script)), models_(std::move(models)), gate(threads_.executor(0)) {
    start();
  }
  ~FakeEngine() override { stop(); }

  /// Always on the same port. However long a gateway does not read, that is no reason to cut it.
  void start() {
    http::ServerOptions options;
    options.write_timeout = std::chrono::hours(1);
    server_ = std::make_unique<http::Server>(threads_, *this, log_, options);
    RINGMASTER_CHECK(server_->listen(port_.address()).has_value());
  }
  /// Closes its connections and refuses new ones.
  void stop() { server_.reset(); }

  [[nodiscard]] std::uint16_t port() const { return port_.number(); }
  [[nodiscard]] std::string url() const { return "http://" + port_.address(); }

  /// Waits until that many requests have come, ended early, or been answered.
  [[nodiscard]] bool wait_for_received(std::size_t count) {
    return wait([=, this] { return requests_.size() >= count; });
  }
  [[nodiscard]] bool wait_for_cancelled(std::size_t count) {
    return wait([=, this] { return cancelled_ >= count; });
  }
  [[nodiscard]] http::Request request(std::size_t index) {
    const std::lock_guard lock(mutex_);
    return requests_.at(index);
  }
  [[nodiscard]] std::size_t received() {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  void note_sent(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    sent_bytes_ += bytes;
  }
  [[nodiscard]] std::size_t sent_bytes() {
    const std::lock_guard lock(mutex_);
    return sent_bytes_;
  }

 private:
  bool wait(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }

  asio::awaitable<void> handle(http::Request& request, http::ResponseWriter& writer) override {
    if (request.target == "/health") {
      auto answer = http::json_response(200, "{}");
      (void)co_await writer.send(std::move(answer));
      co_return;
    }
    if (request.target == "/v1/models") {
      auto answer = http::json_response(200, R"({"object":"list","data":)" + models_ + "}");
      (void)co_await writer.send(std::move(answer));
      co_return;
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    changed_.notify_all();
    co_await script_(*this, request, writer);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      const std::lock_guard lock(mutex_);
      ++cancelled_;
    }
    changed_.notify_all();
  }

  Script script_;
  std::string models_;
  NullLog log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<http::Request> requests_;
  std::size_t cancelled_ = 0;
  std::size_t sent_bytes_ = 0;
  http::IoThreads threads_{1};
  HeldPort port_;
  std::unique_ptr<http::Server> server_;

 public:
  Gate gate;  ///< For scripts; on the engine's only thread.
};

inline http::ResponseHead stream_head() {
  http::ResponseHead head;
  head.fields.add("content-type", "text/event-stream");
  return head;
}

inline std::string chunk(const std::string& text) {
  return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text +
         R"("},"finish_reason":null}]})" + "\n\n";
}
inline const std::string kFinish =
    R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
    "\n\n";
inline const std::string kUsage =
    R"(data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,)"
    R"("prompt_tokens_details":{"cached_tokens":4}}})"
    "\n\n";
inline const std::string kDone = "data: [DONE]\n\n";

}  // namespace ringmaster::testing
