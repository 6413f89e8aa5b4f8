#include "router/open_answer.h"

#include <algorithm>
#include <utility>

#include "router/header_rules.h"

namespace ringmaster {
namespace {

constexpr std::size_t kErrorBodyBytesMax = 1024 * 1024;

/// Answers up to this size are held until they are whole, so that losing their instance half-way
/// costs the client nothing.
constexpr std::size_t kHeldBodyBytesMax = 256 * 1024;

/// Zero is no limit, hence the longest.
std::chrono::milliseconds longer(std::chrono::milliseconds a, std::chrono::milliseconds b) {
  return a.count() == 0 || b.count() == 0 ? std::chrono::milliseconds(0) : std::max(a, b);
}

boost::asio::awaitable<Status> read_beginning(OpenAnswer& answer) {
  while (answer.body.size() < kHeldBodyBytesMax) {
    const auto bytes = co_await answer.exchange->read_some();
    if (!bytes) co_return tl::unexpected(bytes.error());
    if (bytes->empty()) {
      answer.exchange = nullptr;
      co_return Status();
    }
    answer.body += *bytes;
  }
  co_return Status();
}

}  // namespace

bool is_worth_a_retry(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

boost::asio::awaitable<Result<OpenAnswer>> open_answer(const LiveInstance& instance,
                                                       const AttemptRequest& request) {
  auto deadlines = request.deadlines;
  // Some engines send the head at once and prefill then: the first event is the first byte.
  deadlines.idle = longer(deadlines.idle, deadlines.first_byte);
  auto exchange = co_await instance.link.client->send(*request.endpoint, *request.head,
                                                      request.body, deadlines, request.abort);
  if (!exchange) co_return tl::unexpected(std::move(exchange.error()));
  OpenAnswer answer;
  answer.head = (*exchange)->head();
  if (answer.head.status >= 400) {
    auto body = co_await (*exchange)->read_all(kErrorBodyBytesMax);
    if (!body) co_return tl::unexpected(std::move(body.error()));
    answer.body = std::move(*body);
    co_return answer;
  }
  auto reader = instance.adapter->read_answer();
  if (is_event_stream(answer.head.fields)) {
    answer.stream = std::make_unique<AnswerStream>(std::move(*exchange), std::move(reader),
                                                   request.event_bytes_max, request.strips_usage);
    auto first = co_await answer.stream->next();
    if (!first) co_return tl::unexpected(std::move(first.error()));
    answer.stream->set_idle(request.deadlines.idle);
    answer.first = std::move(*first);
    co_return answer;
  }
  answer.exchange = std::move(*exchange);
  answer.exchange->set_idle(request.deadlines.idle);
  const auto read = co_await read_beginning(answer);
  if (!read) co_return tl::unexpected(read.error());
  if (answer.exchange == nullptr && request.speaks_openai) {
    reader->read_body(answer.body);
    answer.usage = reader->usage();
  }
  co_return answer;
}

}  // namespace ringmaster
