#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.h"

namespace ringmaster::http {

namespace asio = boost::asio;

/// A connected TCP socket as a coroutine wants it: read when bytes are there, write everything,
/// one deadline for whatever is awaited, and news of the peer's leaving at any time.
///
/// Reads and writes try the socket at once and wait only when they must. At most one wait for
/// input is outstanding; it survives from one use to the next, so that an idle connection is
/// watched at no cost. Setting a deadline is free unless it lies before the one the timer is
/// armed for. Single-threaded: everything on the thread of the socket's io_context.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  using Executor = asio::io_context::executor_type;
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

  static constexpr TimePoint kNever = TimePoint::max();

  enum class Outcome : std::uint8_t {
    kReady,    ///< Go on.
    kExpired,  ///< The deadline passed. The channel is still open.
    kLost,     ///< The peer is gone, close() was called or the coroutine was cancelled.
  };

  /// The socket is made non-blocking, with TCP_NODELAY.
  explicit Channel(Socket socket);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Waits until receive() has something to say. Cancelling the coroutine closes the channel.
  [[nodiscard]] asio::awaitable<Outcome> wait_readable();

  struct Received {
    std::size_t bytes = 0;
    bool is_end = false;     ///< Nothing more will come.
    bool is_broken = false;  ///< The end is not one that the peer meant: a reset, or close().
  };
  /// What is there now, without waiting: neither bytes nor end means nothing yet.
  /// Requires: size > 0.
  [[nodiscard]] Received receive(char* data, std::size_t size);

  /// Called when input or the end arrives while nobody waits; then not again before watch().
  using Watcher = std::function<void()>;
  void watch(Watcher watcher);
  void unwatch() { watcher_ = nullptr; }

  /// Parts of one message, written with one system call where the kernel takes them all.
  using Parts = std::span<const std::string_view>;

  /// Writes as much as the kernel takes. Returns the number of bytes, or nothing if lost.
  [[nodiscard]] std::size_t send_now(Parts parts, bool& is_lost);

  /// Writes the parts from byte `skip` on, waiting up to `idle_timeout` between two successes.
  [[nodiscard]] asio::awaitable<Outcome> send_rest(Parts parts, std::size_t skip,
                                                   Duration idle_timeout);

  /// Whatever is awaited after this moment ends with kExpired. kNever: no deadline.
  void set_deadline(TimePoint at);

  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  void close();
  /// Ends our direction; the peer sees the end of the stream.
  void shutdown_send();

  [[nodiscard]] Executor executor() { return socket_.get_executor(); }

 private:
  /// A suspended coroutine.
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void resume() = 0;
  };
  template <class Handler>
  struct WaiterFor;
  struct InputEvent;

  template <class Handler>
  void suspend(Handler handler);
  void await_input();
  void on_input();
  void arm_timer(TimePoint at);
  void on_timer(TimePoint armed_for);
  [[nodiscard]] Outcome outcome();

  Socket socket_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  TimePoint deadline_ = kNever;
  TimePoint timer_armed_for_ = kNever;
  bool is_waiting_for_input_ = false;
  bool has_input_ = false;  ///< An input event came while nobody waited.
  bool is_expired_ = false;
  std::unique_ptr<Waiter> waiter_;
  Watcher watcher_;
};

}  // namespace ringmaster::http
