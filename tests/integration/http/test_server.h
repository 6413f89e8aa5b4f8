#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "base/log.h"
#include "http/client.h"
#include "http/server.h"
#include "tests/integration/http/raw_connection.h"

namespace ringmaster::http {

constexpr std::chrono::seconds kPatience{10};

/// A handler given as a function. A lambda coroutine may capture here: it is kept in the handler,
/// which outlives every call.
class FunctionHandler final : public Handler {
 public:
  using Function = std::function<asio::awaitable<void>(Request&, ResponseWriter&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}

  asio::awaitable<void> handle(Request& request, ResponseWriter& writer) override {
    return function_(request, writer);
  }

 private:
  Function function_;
};

/// A server on two threads and a free port.
class TestServer {
 public:
  explicit TestServer(FunctionHandler::Function function, ServerOptions options = {})
      : TestServer(kNotStarted, std::move(function), std::move(options)) {
    server_->start();
  }

  /// Clients can connect and send, but nothing is accepted before server().start(). So no deadline
  /// can pass before a client that came earlier has sent its first bytes, however slow it is.
  enum NotStarted { kNotStarted };
  TestServer(NotStarted /*tag*/, FunctionHandler::Function function, ServerOptions options)
      : handler_(std::move(function)),
        server_(std::make_unique<Server>(threads_, handler_, log_, std::move(options))) {
    const auto bound = server_->bind("127.0.0.1:0");
    EXPECT_TRUE(bound.has_value());
  }

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] IoThreads& threads() { return threads_; }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] RawConnection connect() const { return RawConnection::to(port()); }
  [[nodiscard]] Endpoint endpoint() const {
    Endpoint endpoint{.host = "127.0.0.1", .port = port(), .base_path = ""};
    return endpoint;
  }
  void destroy_server() { server_.reset(); }

 private:
  IoThreads threads_{2};
  NullLog log_;
  FunctionHandler handler_;
  std::unique_ptr<Server> server_;
};

/// Answers 200 with the body, the method and the target.
inline asio::awaitable<void> echo(Request& request, ResponseWriter& writer) {
  Response response;
  response.fields.add("X-Method", request.method);
  response.fields.add("X-Target", request.target);
  response.fields.add("X-Peer", request.peer);
  response.body = std::move(request.body);
  const auto sent = co_await writer.send(std::move(response));
  static_cast<void>(sent);
}

/// A door for coroutines, each on its own thread, that a test opens from outside.
class Gate {
 public:
  /// Waits until the gate is open, or the coroutine is cancelled.
  [[nodiscard]] asio::awaitable<void> pass() {
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                            asio::steady_timer::time_point::max());
    if (!enter(timer)) co_return;
    const auto [error] = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(error);
  }

  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    for (const auto& timer : std::exchange(waiting_, {})) {
      asio::post(timer->get_executor(), [timer] { timer->cancel(); });
    }
  }

 private:
  using Timer = std::shared_ptr<asio::steady_timer>;

  /// False if the gate is open already.
  bool enter(const Timer& timer) {
    const std::lock_guard lock(mutex_);
    if (!is_open_) waiting_.push_back(timer);
    return !is_open_;
  }

  std::mutex mutex_;
  bool is_open_ = false;
  std::vector<Timer> waiting_;
};

/// Runs a coroutine on the first thread and waits for its result.
template <class T>
T run_on(IoThreads& threads, asio::awaitable<T> coroutine) {
  auto future = asio::co_spawn(threads.executor(0), std::move(coroutine), asio::use_future);
  EXPECT_EQ(future.wait_for(kPatience), std::future_status::ready);
  return future.get();
}

/// Waits for what a coroutine or another thread promised.
template <class T>
T value_of(std::promise<T>& promise) {
  auto future = promise.get_future();
  EXPECT_EQ(future.wait_for(kPatience), std::future_status::ready);
  return future.get();
}

}  // namespace ringmaster::http
