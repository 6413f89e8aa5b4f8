#include "router/open_answer.h"

#include <utility>

#include <boost/asio/this_coro.hpp>

#include "router/header_rules.h"

namespace ringmaster {
namespace {

constexpr std::size_t kErrorBodyBytesMax = 1024 * 1024;

/// Answers up to this size are held until they are whole, so that losing their instance half-way
/// costs the client nothing.
constexpr std::size_t kHeldBodyBytesMax = 256 * 1024;

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
  // The caller runs this beside a wait; a cancellation must come back as a value.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  auto exchange = co_await instance.link.client->send(instance.link.endpoint, *request.head,
                                                      request.body, request.deadlines);
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
                                                   request.event_bytes_max);
    auto first = co_await answer.stream->next();
    if (!first) co_return tl::unexpected(std::move(first.error()));
    answer.first = std::move(*first);
    co_return answer;
  }
  answer.exchange = std::move(*exchange);
  const auto read = co_await read_beginning(answer);
  if (!read) co_return tl::unexpected(read.error());
  if (answer.exchange == nullptr && request.speaks_openai) {
    reader->read_body(answer.body);
    answer.usage = reader->usage();
  }
  co_return answer;
}

}  // namespace ringmaster
