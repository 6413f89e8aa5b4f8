#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "engine_adapters/answer_reader.h"
#include "http/client.h"
#include "http/sse.h"

namespace ringmaster {

/// Whole events of a streamed answer, as many as one read brought.
struct EventBatch {
  std::string bytes;                ///< To be relayed as they are.
  std::uint32_t output_events = 0;  ///< Of these, with output.
  bool has_end = false;             ///< The sentinel is among them.
  bool has_error = false;           ///< An error object is among them.
  bool has_abort = false;  ///< The engine gave up; that event and what follows is left out.
  bool is_over = false;    ///< The body has ended; nothing follows.
};

/// Cuts an instance's streamed answer into events and has them read. Holds at most one read's
/// bytes and one unfinished event.
class AnswerStream {
 public:
  /// `strips_usage`: events that carry nothing but the usage are read and not relayed.
  AnswerStream(std::unique_ptr<http::Exchange> exchange, std::unique_ptr<AnswerReader> reader,
               std::size_t event_bytes_max, bool strips_usage);

  /// The next events: at least one with data, unless the body is over. Comments alone are kept
  /// back until then, so that nothing reaches the client while another instance could still answer.
  /// Fails as Exchange::read_some() does, with kOverloaded on an event that is too large, and with
  /// kUnavailable where the body ends within an event.
  [[nodiscard]] boost::asio::awaitable<Result<EventBatch>> next();

  [[nodiscard]] const AnswerReader& reader() const { return *reader_; }

  /// Changes how long next() may wait for further bytes.
  void set_idle(std::chrono::milliseconds idle) { exchange_->set_idle(idle); }

  /// next() fails from now on, the one that waits too.
  void abort() {
    if (exchange_) exchange_->abort();
  }

  /// To read the rest of a body whose last event has been seen, so that the connection can be
  /// used again.
  [[nodiscard]] std::unique_ptr<http::Exchange> release() { return std::move(exchange_); }

 private:
  /// Moves every complete event into `batch`; true if one had data.
  [[nodiscard]] Result<bool> take_events(EventBatch& batch);

  std::unique_ptr<http::Exchange> exchange_;
  std::unique_ptr<AnswerReader> reader_;
  http::SseReader events_;
  bool strips_usage_;
};

}  // namespace ringmaster
