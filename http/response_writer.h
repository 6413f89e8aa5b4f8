#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/channel.h"
#include "http/head_writer.h"
#include "http/server.h"

namespace ringmaster::http {

/// Writes answers to one client, one after the other. Reused for all requests of a connection.
class ClientWriter final : public ResponseWriter {
 public:
  ClientWriter(Channel& channel, const ServerOptions& options);

  /// Begins with the answer to another request.
  void reset(bool is_head_request, bool is_http_1_0, bool keep_alive);

  [[nodiscard]] asio::awaitable<Status> send(Response response) override;
  [[nodiscard]] asio::awaitable<Status> start(ResponseHead head) override;
  [[nodiscard]] asio::awaitable<Status> write(std::string_view bytes) override;
  [[nodiscard]] asio::awaitable<Status> finish() override;
  [[nodiscard]] bool has_started() const override { return state_ != State::kFresh; }

  /// Every later call fails with kCancelled.
  void note_client_gone() { is_client_gone_ = true; }
  /// The answer will be the last on this connection. Too late once its head is out.
  void forbid_keep_alive() { keep_alive_ = false; }

  /// True if the answer is complete and another request may follow.
  [[nodiscard]] bool may_go_on() const { return state_ == State::kDone && keep_alive_; }
  [[nodiscard]] bool is_complete() const { return state_ == State::kDone; }
  [[nodiscard]] bool is_client_gone() const { return is_client_gone_; }

 private:
  enum class State : std::uint8_t { kFresh, kStreaming, kDone, kBroken };

  [[nodiscard]] Status check(State expected) const;
  void build_head(int status, const Fields& fields, AnswerFraming framing, std::uint64_t bytes);
  [[nodiscard]] asio::awaitable<Status> put(Channel::Parts parts);

  Channel& channel_;
  const ServerOptions& options_;
  std::string head_;  ///< Kept for its memory.
  State state_ = State::kFresh;
  AnswerFraming framing_ = AnswerFraming::kLength;
  bool is_head_request_ = false;
  bool is_http_1_0_ = false;
  bool keep_alive_ = true;
  bool is_client_gone_ = false;
};

}  // namespace ringmaster::http
