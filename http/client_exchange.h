#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/channel.h"
#include "http/chunk_decoder.h"
#include "http/client.h"
#include "http/connection_pool.h"
#include "http/message_head.h"

namespace ringmaster::http {

/// One request and its answer on one connection.
class ClientExchange final : public Exchange {
 public:
  /// `total_at`: when the whole exchange must be over.
  ClientExchange(std::shared_ptr<ConnectionPool> pool, std::string authority,
                 std::shared_ptr<Channel> channel, const Deadlines& deadlines, TimePoint total_at);
  ~ClientExchange() override;
  ClientExchange(const ClientExchange&) = delete;
  ClientExchange& operator=(const ClientExchange&) = delete;

  /// Writes the request and reads the head of the answer.
  [[nodiscard]] asio::awaitable<Status> begin(const Endpoint& endpoint, const RequestHead& head,
                                              std::string_view body);
  /// True if begin() failed because the connection was closed before any byte of the answer.
  [[nodiscard]] bool was_stale() const { return was_stale_; }

  [[nodiscard]] const ResponseHead& head() const override { return head_; }
  [[nodiscard]] asio::awaitable<Result<std::string_view>> read_some() override;
  [[nodiscard]] asio::awaitable<Result<std::string>> read_all(std::size_t bytes_max) override;
  void set_idle(std::chrono::milliseconds idle) override { deadlines_.idle = idle; }
  void abort() override;

 private:
  [[nodiscard]] asio::awaitable<Status> write_request(const Endpoint& endpoint,
                                                      const RequestHead& head,
                                                      std::string_view body);
  [[nodiscard]] asio::awaitable<Status> read_head(std::string_view method);
  /// Takes a head that is complete off the buffer. False if it was an interim answer.
  [[nodiscard]] Framed<bool> accept_head(std::size_t head_bytes, std::string_view method);
  [[nodiscard]] asio::awaitable<Status> read_rest_into(std::string& body);

  struct Input {
    std::size_t bytes = 0;  ///< 0: the end of the stream.
  };
  /// Waits for bytes; a receive that filled its space is tried again without waiting.
  [[nodiscard]] asio::awaitable<Result<Input>> receive(char* space, std::size_t size,
                                                       std::chrono::milliseconds timeout);
  /// The part of the buffer that belongs to the body, framing removed.
  [[nodiscard]] Framed<std::string_view> take_buffered();
  [[nodiscard]] Framed<std::string_view> take_chunks();
  void note_end();

  [[nodiscard]] tl::unexpected<Error> broken(std::string_view reason);
  [[nodiscard]] tl::unexpected<Error> lost();
  [[nodiscard]] TimePoint deadline_after(std::chrono::milliseconds timeout) const;

  std::shared_ptr<ConnectionPool> pool_;
  std::string authority_;
  std::shared_ptr<Channel> channel_;  ///< Null once it has gone back to the pool.
  Deadlines deadlines_;
  TimePoint total_at_;

  ResponseHead head_;
  MessageFraming framing_;
  ChunkDecoder chunks_;
  std::uint64_t left_ = 0;  ///< Of a body of known length.
  std::string buffer_;
  std::size_t begin_ = 0;  ///< What is buffered and not taken yet.
  std::size_t end_ = 0;
  bool has_head_ = false;
  bool is_at_end_ = false;
  bool may_have_more_ = false;  ///< The last receive filled its space.
  bool was_stale_ = false;
};

}  // namespace ringmaster::http
