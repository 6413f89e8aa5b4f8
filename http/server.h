#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "base/log.h"
#include "base/result.h"
#include "http/io_threads.h"
#include "http/message.h"

namespace ringmaster::http {

namespace asio = boost::asio;

/// Writes the answer to one request. Either one send(), or start(), any write()s, finish().
///
/// Every call fails with kCancelled once the client has gone away. A handler that returns without
/// a complete answer: 500 if nothing was sent yet, else the connection is cut.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  /// A whole answer; sets Content-Length.
  [[nodiscard]] virtual asio::awaitable<Status> send(Response response) = 0;

  /// Head of an answer of unknown length (chunked).
  [[nodiscard]] virtual asio::awaitable<Status> start(ResponseHead head) = 0;

  /// Returns when the bytes have been handed to the kernel: a slow client slows its handler and
  /// nothing else. Fails with kDeadlineExceeded if the client takes nothing for write_timeout.
  [[nodiscard]] virtual asio::awaitable<Status> write(std::string_view bytes) = 0;

  [[nodiscard]] virtual asio::awaitable<Status> finish() = 0;

  /// True once any byte of the answer has been sent.
  [[nodiscard]] virtual bool has_started() const = 0;
};

/// Answers requests. One object for all connections and threads.
///
/// When the client goes away, or its connection must be closed, the handler's coroutine gets a
/// terminal cancellation: the operation it awaits ends with operation_aborted (kCancelled from our
/// own types), later ones fail likewise, nothing is thrown. It then releases what it holds and
/// returns. Never throws.
class Handler {
 public:
  virtual ~Handler() = default;
  /// `request` and `writer` outlive the coroutine. Runs on the connection's own thread.
  [[nodiscard]] virtual asio::awaitable<void> handle(Request& request, ResponseWriter& writer) = 0;
};

/// Limits of one listener. What exceeds one is refused with the status named.
struct ServerOptions {
  std::size_t header_bytes_max = 64 * 1024;       ///< 431. Request line included.
  std::size_t request_line_bytes_max = 8 * 1024;  ///< 414.
  std::size_t header_fields_max = 100;            ///< 431.
  std::size_t body_bytes_max = 32 * 1024 * 1024;  ///< 413.
  std::size_t connections_max = 16'384;  ///< Further ones are accepted and closed with 503.
  std::chrono::milliseconds header_timeout{10'000};  ///< 408, from the first byte of a request.
  std::chrono::milliseconds body_timeout{30'000};    ///< 408, between two reads.
  std::uint64_t body_bytes_per_second_min = 1024;    ///< 408, on average; 0: any. See BodyPace.
  std::chrono::milliseconds idle_timeout{75'000};    ///< Between requests; then closed.
  std::chrono::milliseconds write_timeout{30'000};   ///< A client that reads nothing is cut.
  std::string server_name = "ringmaster";
};

/// A strict HTTP/1.1 server: one coroutine per connection, keep-alive, pipelined requests answered
/// in order, OpenAI error bodies for what it refuses itself.
class Server {
 public:
  /// `threads`, `handler` and `log` outlive the server.
  Server(IoThreads& threads, Handler& handler, LogSink& log, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Takes the address: "host:port" or "[v6]:port"; port 0 picks a free one. Who connects waits
  /// until start(). Fails with kUnavailable and the address in the message (port in use, no
  /// permission).
  [[nodiscard]] Status bind(const std::string& address);

  /// Starts to accept. Requires: bind() has succeeded.
  void start();

  /// Both of it. Fails as bind() does.
  [[nodiscard]] Status listen(const std::string& address);

  [[nodiscard]] std::uint16_t port() const;

  /// Stops accepting; idle connections close, busy ones after their answer ("Connection: close").
  void drain();

  [[nodiscard]] std::size_t connection_count() const;

  /// Closes every connection now; handlers are cancelled.
  void close_all();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ringmaster::http
