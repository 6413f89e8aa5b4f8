// The second half of RequestSession: from the first byte of an answer to its end.

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "http/openai_error.h"
#include "router/forwarding.h"
#include "router/header_rules.h"
#include "router/request_session.h"

namespace ringmaster {
namespace {

namespace asio = boost::asio;

/// What an engine may still say behind the last event before its connection is given up.
constexpr std::size_t kTrailBytesMax = 4 * 1024;

/// Reads the end of a body whose last event has been relayed, so that the connection goes back to
/// the pool; the client does not wait for it.
asio::awaitable<void> read_to_end(std::unique_ptr<http::Exchange> exchange) {
  const auto rest = co_await exchange->read_all(kTrailBytesMax);
  static_cast<void>(rest);  // Whatever it was: the client has its whole answer.
}

bool is_redirect_or_error(int status) {
  return status >= 400;
}

}  // namespace

RequestSession::Ending RequestSession::relay(const Assignment& assignment, OpenAnswer answer) {
  status_ = answer.head.status;
  auto fields = forwarded_response_fields(answer.head.fields);
  fields.set("x-request-id", id_);
  name_decision(assignment, answer.head.fields, fields);
  answer.head.fields = std::move(fields);
  // From here on a byte may reach the client: the scheduler must not send this request elsewhere.
  ticket_->commit([strand = context_.strand, ticket = std::weak_ptr<Ticket>(ticket_)] {
    if (const auto alive = ticket.lock()) strand->cancelled(alive);
  });
  if (answer.stream) co_return co_await relay_stream(assignment, std::move(answer));
  if (answer.exchange) co_return co_await relay_body(assignment, std::move(answer));
  co_return co_await relay_whole(assignment, std::move(answer));
}

void RequestSession::name_decision(const Assignment& assignment, const http::Fields& answered,
                                   http::Fields& fields) const {
  // An owner may have had to take another than the one chosen here.
  const auto* taken = assignment.owner == nullptr ? nullptr : answered.find(kInstanceField);
  fields.set(std::string(kInstanceField),
             taken == nullptr ? assignment.instance->spec.name : *taken);
  fields.set("x-ringmaster-decision",
             std::to_string(assignment.fleet) + "-" + std::to_string(assignment.decision));
  fields.set("x-ringmaster-reason", assignment.reason);
}

RequestSession::Ending RequestSession::relay_whole(const Assignment& assignment,
                                                   OpenAnswer answer) {
  const bool is_error = is_redirect_or_error(answer.head.status);
  http::Response response;
  response.status = answer.head.status;
  response.fields = std::move(answer.head.fields);
  response.body = std::move(answer.body);
  if (is_error) {
    auto original = response.body;
    response.body = assignment.instance->adapter->openai_error(response.status, original);
    if (response.body != original) response.fields.set("content-type", "application/json");
    give_up(assignment);
  } else {
    finish(assignment, answer.usage, 0);
  }
  const auto sent = co_await writer_.send(std::move(response));
  if (!sent) co_return RequestEnd::kClientGone;
  co_return is_error ? RequestEnd::kRefusedByEngine : RequestEnd::kAnswered;
}

/// A body too large to hold: what is lost after its first byte cuts the client's connection, since
/// there is no frame that could say so.
RequestSession::Ending RequestSession::relay_body(const Assignment& assignment, OpenAnswer answer) {
  auto started = co_await writer_.start(std::move(answer.head));
  if (started) started = co_await writer_.write(answer.body);
  answer.body = std::string();
  while (started) {
    const auto bytes = co_await answer.exchange->read_some();
    if (!bytes) {
      if (bytes.error().code == ErrorCode::kCancelled) co_return RequestEnd::kClientGone;
      note_break(assignment);
      give_up(assignment);
      co_return RequestEnd::kBrokenStream;
    }
    if (bytes->empty()) break;
    assignment.instance->heard(context_.clock->now());
    started = co_await writer_.write(*bytes);
  }
  if (!started) co_return RequestEnd::kClientGone;
  finish(assignment, answer.usage, 0);
  const auto finished = co_await writer_.finish();
  co_return finished ? RequestEnd::kAnswered : RequestEnd::kClientGone;
}

RequestSession::Ending RequestSession::relay_stream(const Assignment& assignment,
                                                    OpenAnswer answer) {
  if (answer.head.fields.find("cache-control") == nullptr) {
    answer.head.fields.add("cache-control", "no-cache");
  }
  answer.head.fields.set("x-accel-buffering", "no");
  auto& stream = *answer.stream;
  streaming_ = &stream;
  auto batch = std::move(answer.first);
  auto written = co_await writer_.start(std::move(answer.head));
  bool has_end = false;
  bool has_error = false;
  while (written) {
    if (!batch.bytes.empty()) written = co_await writer_.write(batch.bytes);
    if (!written) break;
    note_output(assignment, batch);
    has_end = has_end || batch.has_end;
    has_error = has_error || batch.has_error;
    if (batch.has_abort)
      co_return co_await break_stream(assignment, "the engine gave up on the request");
    if (batch.is_over || has_end) break;
    auto next = co_await stream.next();
    if (!next) {
      if (next.error().code == ErrorCode::kCancelled) co_return RequestEnd::kClientGone;
      co_return co_await break_stream(assignment, next.error().message);
    }
    batch = std::move(*next);
  }
  if (!written) co_return RequestEnd::kClientGone;
  // An error of the engine's own ends a stream as well as the sentinel does.
  if (speaks_openai_ && !has_end && !has_error) {
    co_return co_await break_stream(assignment, "the stream ended without [DONE]");
  }
  if (has_error) {
    give_up(assignment);
  } else {
    finish(assignment, stream.reader().usage(), stream.reader().output_events());
  }
  if (!batch.is_over) {
    asio::co_spawn(co_await asio::this_coro::executor, read_to_end(stream.release()),
                   [log = context_.log](const std::exception_ptr& error) {
                     if (error) log->write(LogLevel::kError, "reading a stream's end threw");
                   });
  }
  const auto finished = co_await writer_.finish();
  if (!finished) co_return RequestEnd::kClientGone;
  co_return has_error ? RequestEnd::kBrokenStream : RequestEnd::kAnswered;
}

RequestSession::Ending RequestSession::break_stream(const Assignment& assignment,
                                                    std::string_view why) {
  streaming_ = nullptr;
  give_up(assignment);
  if (is_cut_off_) co_return co_await end_with("the gateway is shutting down", "shutting_down");
  const auto lost = note_break(assignment);
  if (context_.log->enabled(LogLevel::kWarn)) {
    context_.log->write(LogLevel::kWarn, sentence(lost + " stream broken: " + std::string(why)));
  }
  co_return co_await end_with(lost + " was lost while it answered", "instance_lost");
}

/// An answer broke off. Returns whose fault it was, in words.
std::string RequestSession::note_break(const Assignment& assignment) {
  if (assignment.owner != nullptr) {
    context_.on_peer_trouble(assignment.owner);
    return "gateway " + assignment.owner->id + " before instance " + assignment.instance->spec.name;
  }
  assignment.instance->live.failures.fetch_add(1, std::memory_order_relaxed);
  context_.on_instance_trouble(assignment.instance, false);
  return "instance " + assignment.instance->spec.name;
}

RequestSession::Ending RequestSession::end_with(std::string_view message, std::string_view code) {
  const auto event = http::openai_error_event(message, code);
  const auto written = co_await writer_.write(event);
  if (!written) co_return RequestEnd::kClientGone;
  const auto finished = co_await writer_.finish();
  co_return finished ? RequestEnd::kBrokenStream : RequestEnd::kClientGone;
}

void RequestSession::note_output(const Assignment& assignment, const EventBatch& batch) {
  const auto now = context_.clock->now();
  assignment.instance->heard(now);
  const bool has_output = batch.output_events != 0 || !speaks_openai_;
  if (!has_output) return;
  output_tokens_ += batch.output_events;
  auto& shard = context_.metrics->local();
  if (first_token_ == TimePoint{}) {
    first_token_ = now;
    context_.strand->first_token(ticket_, assignment.attempt);
    const auto ttft = now - received_;
    shard.ttft.record(ttft);
    (ttft <= context_.settings->scheduler.ttft_slo ? shard.slo_met : shard.slo_missed).add();
  } else {
    shard.itl.record(now - last_token_);
  }
  last_token_ = now;
}

void RequestSession::finish(const Assignment& assignment, const AnswerUsage& usage,
                            std::uint32_t output_events) {
  output_tokens_ = usage.output_tokens.value_or(output_events);
  if (usage.prompt_tokens) prompt_tokens_ = *usage.prompt_tokens;
  context_.strand->finished(ticket_, assignment.attempt, output_tokens_, usage);
  ticket_ = nullptr;
}

void RequestSession::give_up(const Assignment& assignment) {
  context_.strand->failed(ticket_, assignment.attempt);
  ticket_ = nullptr;
}

}  // namespace ringmaster
