#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "http/io_threads.h"
#include "http/message.h"

namespace ringmaster::http {

namespace asio = boost::asio;

/// Where an instance listens.
struct Endpoint {
  std::string host;  ///< Name or address, without brackets.
  std::uint16_t port = 80;
  std::string base_path;  ///< "" or "/x": put before every target.

  /// From "http://host[:port][/path]". Fails with kInvalidArgument and what was expected.
  [[nodiscard]] static Result<Endpoint> parse(std::string_view url);
  [[nodiscard]] std::string authority() const;  ///< "host:port", for the Host field.
};

struct RequestHead {
  std::string method = "POST";
  std::string target;
  Fields fields;  ///< Hop-by-hop fields, Host and Content-Length are set by the client itself.
};

/// How long each phase may take; zero: no limit.
struct Deadlines {
  std::chrono::milliseconds connect{2'000};
  std::chrono::milliseconds first_byte{0};  ///< From the request's last byte to the head's first.
  std::chrono::milliseconds idle{0};        ///< Between two reads of the body.
  std::chrono::milliseconds total{0};
};

struct ClientOptions {
  std::size_t idle_connections_max = 64;  ///< Per endpoint and thread.
  std::chrono::milliseconds idle_timeout{30'000};
  std::size_t header_bytes_max = 64 * 1024;
  std::size_t read_buffer_bytes = 16 * 1024;
};

class Channel;

/// Ends an exchange from outside its coroutine, from before it has a connection to its end. Belongs
/// to one send(); used on that one's thread.
class AbortHandle {
 public:
  /// Closes the connection, one still being made once it is there; what waits fails with
  /// kUnavailable.
  void abort();
  [[nodiscard]] bool is_aborted() const { return is_aborted_; }

  /// For the client: the connection that is used from now on.
  void bind(std::weak_ptr<Channel> channel) { channel_ = std::move(channel); }

 private:
  std::weak_ptr<Channel> channel_;
  bool is_aborted_ = false;
};

/// An answer in flight. Stays on the thread it was made on.
///
/// Destroyed before the end of the body it closes the connection, which is how an engine learns
/// that nobody waits any more; read to its end the connection goes back to the pool.
class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual const ResponseHead& head() const = 0;

  /// The next bytes of the body, framing removed; empty at its end. Valid until the next call.
  /// Fails with kUnavailable (connection lost or broken framing: the body is not complete),
  /// kDeadlineExceeded or kCancelled.
  [[nodiscard]] virtual asio::awaitable<Result<std::string_view>> read_some() = 0;

  /// The whole rest of the body. Fails also with kOverloaded beyond `bytes_max`.
  [[nodiscard]] virtual asio::awaitable<Result<std::string>> read_all(std::size_t bytes_max) = 0;

  /// Changes Deadlines::idle for the reads to come.
  virtual void set_idle(std::chrono::milliseconds idle) = 0;

  /// Closes the connection now; a read that waits fails with kUnavailable, later ones too.
  virtual void abort() = 0;
};

/// Keep-alive connections to instances; one pool per thread inside, no locks on the path.
class Client {
 public:
  Client(IoThreads& threads, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Sends the request and reads the head of its answer. Requires: called on one of the threads.
  /// A pooled connection that turns out closed before any byte of the answer is replaced once by
  /// a fresh one, silently. Cancelling the coroutine closes the connection.
  /// Fails with kUnavailable, kDeadlineExceeded or kCancelled; `retryable` is true in the first
  /// two. `head`, `body` and `abort`, if there is one, outlive the call.
  [[nodiscard]] asio::awaitable<Result<std::unique_ptr<Exchange>>> send(
      const Endpoint& endpoint, const RequestHead& head, std::string_view body, Deadlines deadlines,
      AbortHandle* abort = nullptr);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringmaster::http
