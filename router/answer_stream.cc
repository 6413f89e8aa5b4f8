#include "router/answer_stream.h"

#include <utility>

namespace ringmaster {

AnswerStream::AnswerStream(std::unique_ptr<http::Exchange> exchange,
                           std::unique_ptr<AnswerReader> reader, std::size_t event_bytes_max,
                           bool strips_usage)
    : exchange_(std::move(exchange)),
      reader_(std::move(reader)),
      events_(event_bytes_max),
      strips_usage_(strips_usage) {}

Result<bool> AnswerStream::take_events(EventBatch& batch) {
  bool has_data = false;
  while (!batch.has_abort) {
    const auto event = events_.next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) break;
    if ((*event)->data.empty()) {
      reader_->read_comment((*event)->raw);
      batch.bytes += (*event)->raw;
      continue;
    }
    has_data = true;
    const auto read = reader_->read_event((*event)->data);
    batch.has_abort = read.is_abort;
    if (read.is_abort) break;
    if (strips_usage_ && read.is_usage) continue;
    batch.bytes += (*event)->raw;
    batch.output_events += read.has_output ? 1 : 0;
    batch.has_end = batch.has_end || read.is_end;
    batch.has_error = batch.has_error || read.is_error;
  }
  return has_data;
}

boost::asio::awaitable<Result<EventBatch>> AnswerStream::next() {
  EventBatch batch;
  while (!batch.is_over) {
    const auto has_data = take_events(batch);
    if (!has_data) co_return tl::unexpected(has_data.error());
    if (*has_data) break;
    const auto bytes = co_await exchange_->read_some();
    if (!bytes) co_return tl::unexpected(bytes.error());
    batch.is_over = bytes->empty();
    events_.feed(*bytes);
  }
  if (batch.is_over && events_.rest().find_first_not_of("\r\n") != std::string_view::npos) {
    co_return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance,
                   "the stream ended within an event");
  }
  co_return batch;
}

}  // namespace ringmaster
