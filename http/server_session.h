#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "base/log.h"
#include "http/body_pace.h"
#include "http/channel.h"
#include "http/message.h"
#include "http/request_framing.h"
#include "http/response_writer.h"
#include "http/server.h"

namespace ringmaster::http {

/// What all sessions of a server share. Outlives them.
struct ServerShared {
  Handler& handler;
  LogSink& log;
  ServerOptions options;
  std::atomic<bool> is_draining{false};
};

/// One connection of a client: reads requests, runs the handler, keeps alive. On one thread.
class ServerSession : public std::enable_shared_from_this<ServerSession> {
 public:
  ServerSession(Channel::Socket socket, std::string peer, ServerShared& shared);
  ~ServerSession();
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  /// Serves until the connection ends. Spawned once, with cancel_signal()'s slot bound to it.
  [[nodiscard]] asio::awaitable<void> run();

  /// Answers 503 and ends.
  [[nodiscard]] asio::awaitable<void> turn_away();

  [[nodiscard]] asio::cancellation_signal& cancel_signal() { return cancel_signal_; }
  [[nodiscard]] Channel::Executor executor() { return channel_->executor(); }

  /// Closes now if idle, else after the answer.
  void drain();
  /// Closes now; the handler is cancelled.
  void abort();

 private:
  enum class Read : std::uint8_t { kRequest, kRefused, kClosed };

  [[nodiscard]] asio::awaitable<Read> read_request();
  [[nodiscard]] asio::awaitable<Read> read_head();
  [[nodiscard]] asio::awaitable<Read> read_body();
  [[nodiscard]] asio::awaitable<Read> read_body_of_known_size();
  [[nodiscard]] asio::awaitable<Read> read_chunked_body();
  [[nodiscard]] BodyPace body_pace() const;
  [[nodiscard]] Read decode_chunks(class ChunkDecoder& decoder, std::string_view bytes,
                                   bool& is_end);
  /// The outcome of a wait while a request is incomplete.
  [[nodiscard]] Read refuse_or_close(Channel::Outcome outcome, std::string_view what_is_late);
  [[nodiscard]] Read refused(Refusal refusal);
  [[nodiscard]] asio::awaitable<void> send_continue();

  [[nodiscard]] asio::awaitable<void> answer();
  [[nodiscard]] asio::awaitable<void> call_handler();
  void watch_client();
  void on_input_while_answering();

  [[nodiscard]] asio::awaitable<void> answer_refusal();
  [[nodiscard]] asio::awaitable<void> linger();

  ServerShared& shared_;
  std::shared_ptr<Channel> channel_;
  asio::cancellation_signal cancel_signal_;
  Request request_;
  RequestFraming framing_;
  Refusal refusal_;
  ClientWriter writer_;
  std::string pending_;  ///< Received, not yet part of a request.
  bool is_answering_ = false;
  bool is_idle_ = true;
};

}  // namespace ringmaster::http
