#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "http/client.h"
#include "router/answer_stream.h"
#include "router/live_instance.h"

namespace ringmaster {

/// An instance's answer as far as it was read while another instance could still have answered:
/// the head and the first bytes that a client would see.
struct OpenAnswer {
  http::ResponseHead head;
  // One of the two:
  std::unique_ptr<AnswerStream> stream;      ///< Server-sent events; `first` was read from it.
  std::unique_ptr<http::Exchange> exchange;  ///< Any other body; null if `body` is all of it.

  EventBatch first;
  std::string body;
  AnswerUsage usage;  ///< Of a whole body.
};

/// What to send to an instance; everything outlives the call.
struct AttemptRequest {
  const http::Endpoint* endpoint = nullptr;  ///< The instance's, or that of the gateway owning it.
  const http::RequestHead* head = nullptr;
  std::string_view body;
  http::Deadlines deadlines;
  std::size_t event_bytes_max = 0;
  bool strips_usage = false;   ///< The client did not ask for a stream's usage; the gateway did.
  bool speaks_openai = false;  ///< A chat or completions request, whose answers are understood.
  http::AbortHandle* abort = nullptr;
};

/// Sends the request and reads the beginning of the answer: an error's whole body, the first
/// events of a stream, and up to 256 KiB of anything else. Never throws.
/// Fails as http::Client and http::Exchange do; nothing has gone to the client then.
[[nodiscard]] boost::asio::awaitable<Result<OpenAnswer>> open_answer(const LiveInstance& instance,
                                                                     const AttemptRequest& request);

/// True if another instance may give a better answer: 429, 502, 503 and 504. Not 500, which may
/// well be the request's own doing and would then go through the whole fleet.
[[nodiscard]] bool is_worth_a_retry(int status);

}  // namespace ringmaster
