#include "http/server_session.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "http/chunk_decoder.h"
#include "http/openai_error.h"

namespace ringmaster::http {
namespace {

/// Large enough for a whole request of 50 KB in one read. Per thread, not per connection: an idle
/// connection holds no buffer.
constexpr std::size_t kScratchBytes = 128 * 1024;

/// A body's memory is taken as its bytes arrive, not as its length announces.
constexpr std::size_t kBodyBytesAhead = 256 * 1024;

/// What a client may send ahead while its request is being answered. Beyond it the client's
/// leaving is noticed only when the answer is written.
constexpr std::size_t kPipelinedBytesMax = 64 * 1024;

/// How long a refused client may go on sending before the connection is cut. Closing at once
/// would reset it, and the refusal would be lost with what is still under way.
constexpr std::chrono::milliseconds kLingerTimeout{1'000};

/// Memory that a connection keeps between requests, for each of its two buffers.
constexpr std::size_t kKeptBytesMax = 64 * 1024;

void clear_or_release(std::string& buffer) {
  if (buffer.capacity() > kKeptBytesMax) {
    buffer = std::string();
  } else {
    buffer.clear();
  }
}

char* scratch() {
  thread_local const auto memory = std::make_unique<char[]>(kScratchBytes);
  return memory.get();
}

TimePoint from_now(std::chrono::milliseconds timeout) {
  return std::chrono::steady_clock::now() + timeout;
}

HeadLimits head_limits(const ServerOptions& options) {
  return {.head_bytes_max = options.header_bytes_max,
          .first_line_bytes_max = options.request_line_bytes_max,
          .fields_max = options.header_fields_max};
}

}  // namespace

ServerSession::ServerSession(Channel::Socket socket, std::string peer, ServerShared& shared)
    : shared_(shared),
      channel_(std::make_shared<Channel>(std::move(socket))),
      writer_(*channel_, shared.options) {
  request_.peer = std::move(peer);
}

ServerSession::~ServerSession() {
  channel_->unwatch();
}

asio::awaitable<void> ServerSession::run() {
  // A cancelled handler goes on with errors as values; see Handler.
  co_await asio::this_coro::throw_if_cancelled(false);
  bool goes_on = true;
  while (goes_on && !shared_.is_draining) {
    const auto read = co_await read_request();
    if (read == Read::kRequest) {
      co_await answer();
      goes_on = writer_.may_go_on() && channel_->is_open();
    } else {
      if (read == Read::kRefused) co_await answer_refusal();
      goes_on = false;
    }
  }
  channel_->close();
}

asio::awaitable<void> ServerSession::turn_away() {
  refusal_ = {.status = 503, .reason = "too many connections"};
  co_await answer_refusal();
  channel_->close();
}

void ServerSession::drain() {
  if (is_answering_) {
    writer_.forbid_keep_alive();
  } else if (is_idle_) {
    channel_->close();
  }
}

void ServerSession::abort() {
  channel_->close();
  writer_.note_client_gone();
  if (is_answering_) cancel_signal_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<ServerSession::Read> ServerSession::read_request() {
  request_.method.clear();
  clear_or_release(request_.body);
  if (pending_.empty()) clear_or_release(pending_);
  const auto head = co_await read_head();
  if (head != Read::kRequest) co_return head;
  if (framing_.message.body == BodyFraming::kNone) co_return Read::kRequest;
  co_return co_await read_body();
}

asio::awaitable<ServerSession::Read> ServerSession::read_head() {
  HeadScanner scanner(head_limits(shared_.options));
  channel_->set_deadline(from_now(shared_.options.idle_timeout));
  std::string_view bytes = pending_;
  while (true) {
    if (!bytes.empty()) {
      const auto head_bytes = scanner.scan(bytes);
      if (!head_bytes) co_return refused(head_bytes.error());
      if (*head_bytes != 0) {
        const auto framing = parse_request_head(bytes.substr(0, *head_bytes), request_);
        if (!framing) co_return refused(framing.error());
        framing_ = *framing;
        is_idle_ = false;
        const auto rest = bytes.substr(*head_bytes);
        if (bytes.data() == pending_.data()) {
          pending_.erase(0, *head_bytes);
        } else {
          pending_.assign(rest);
        }
        co_return Read::kRequest;
      }
      if (is_idle_) channel_->set_deadline(from_now(shared_.options.header_timeout));
      is_idle_ = false;
      if (bytes.data() != pending_.data()) pending_.assign(bytes);
    }
    const auto outcome = co_await channel_->wait_readable();
    if (outcome != Channel::Outcome::kReady) {
      if (is_idle_) co_return Read::kClosed;
      co_return refuse_or_close(outcome, "the request's header did not arrive in time");
    }
    const auto received = channel_->receive(scratch(), kScratchBytes);
    if (received.is_end) co_return Read::kClosed;
    bytes = {scratch(), received.bytes};
    if (!pending_.empty()) bytes = pending_.append(bytes);
  }
}

asio::awaitable<ServerSession::Read> ServerSession::read_body() {
  const auto& message = framing_.message;
  if (message.body == BodyFraming::kLength && message.body_bytes > shared_.options.body_bytes_max) {
    co_return refused({.status = 413, .reason = "the request's body is too large"});
  }
  if (message.expects_continue && pending_.empty()) co_await send_continue();
  if (message.body == BodyFraming::kChunked) co_return co_await read_chunked_body();
  co_return co_await read_body_of_known_size();
}

asio::awaitable<ServerSession::Read> ServerSession::read_body_of_known_size() {
  const auto size = static_cast<std::size_t>(framing_.message.body_bytes);
  auto& body = request_.body;
  if (pending_.size() <= size) {
    body.swap(pending_);
    pending_.clear();
  } else {
    body.assign(pending_, 0, size);
    pending_.erase(0, size);
  }
  std::size_t filled = body.size();
  const BodyPace pace = body_pace();
  while (filled < size) {
    if (filled == body.size()) body.resize(std::min(size, std::max(filled * 2, kBodyBytesAhead)));
    channel_->set_deadline(pace.deadline(std::chrono::steady_clock::now(), filled));
    const auto outcome = co_await channel_->wait_readable();
    if (outcome != Channel::Outcome::kReady) {
      co_return refuse_or_close(outcome, "the request's body did not arrive in time");
    }
    const auto received = channel_->receive(body.data() + filled, body.size() - filled);
    if (received.is_end) co_return Read::kClosed;
    filled += received.bytes;
  }
  co_return Read::kRequest;
}

asio::awaitable<ServerSession::Read> ServerSession::read_chunked_body() {
  ChunkDecoder decoder;
  bool is_end = false;
  const BodyPace pace = body_pace();
  const auto first = std::exchange(pending_, {});
  auto read = decode_chunks(decoder, first, is_end);
  while (read == Read::kRequest && !is_end) {
    channel_->set_deadline(pace.deadline(std::chrono::steady_clock::now(), request_.body.size()));
    const auto outcome = co_await channel_->wait_readable();
    if (outcome != Channel::Outcome::kReady) {
      co_return refuse_or_close(outcome, "the request's body did not arrive in time");
    }
    const auto received = channel_->receive(scratch(), kScratchBytes);
    if (received.is_end) co_return Read::kClosed;
    const std::string_view bytes(scratch(), received.bytes);
    read = decode_chunks(decoder, bytes, is_end);
  }
  co_return read;
}

BodyPace ServerSession::body_pace() const {
  return {shared_.options.body_timeout, shared_.options.body_bytes_per_second_min,
          std::chrono::steady_clock::now()};
}

ServerSession::Read ServerSession::decode_chunks(ChunkDecoder& decoder, std::string_view bytes,
                                                 bool& is_end) {
  while (!bytes.empty() && !is_end) {
    const auto step = decoder.decode(bytes);
    if (!step) return refused(step.error());
    if (request_.body.size() + step->data.size() > shared_.options.body_bytes_max) {
      return refused({.status = 413, .reason = "the request's body is too large"});
    }
    request_.body += step->data;
    is_end = step->is_end;
    bytes.remove_prefix(step->consumed);
  }
  pending_.assign(bytes);
  return Read::kRequest;
}

ServerSession::Read ServerSession::refuse_or_close(Channel::Outcome outcome,
                                                   std::string_view what_is_late) {
  if (outcome != Channel::Outcome::kExpired) return Read::kClosed;
  return refused({.status = 408, .reason = what_is_late});
}

ServerSession::Read ServerSession::refused(Refusal refusal) {
  refusal_ = refusal;
  return Read::kRefused;
}

asio::awaitable<void> ServerSession::send_continue() {
  const std::array<std::string_view, 1> parts{"HTTP/1.1 100 Continue\r\n\r\n"};
  bool is_lost = false;
  const auto sent = channel_->send_now(parts, is_lost);
  if (is_lost || sent == parts[0].size()) co_return;
  // A failure shows itself again when the body is read.
  co_await channel_->send_rest(parts, sent, shared_.options.write_timeout);
}

asio::awaitable<void> ServerSession::answer() {
  writer_.reset(request_.method == "HEAD", framing_.is_http_1_0,
                framing_.message.keep_alive && !framing_.is_http_1_0 && !shared_.is_draining);
  channel_->set_deadline(Channel::kNever);
  is_answering_ = true;
  watch_client();
  co_await call_handler();
  if (!writer_.has_started() && !writer_.is_client_gone()) {
    writer_.forbid_keep_alive();
    auto response = openai_error(500, "the request was not answered");
    const auto sent = co_await writer_.send(std::move(response));
    static_cast<void>(sent);  // The connection is closed either way.
  }
  channel_->unwatch();
  is_answering_ = false;
  is_idle_ = true;
}

asio::awaitable<void> ServerSession::call_handler() {
  std::string problem;
  try {
    co_await shared_.handler.handle(request_, writer_);
    co_return;
  } catch (const std::exception& error) {
    problem = error.what();
  }
  // A bug, but not one that may take the other connections down.
  shared_.log.write(LogLevel::kError, "http handler threw: " + problem);
}

void ServerSession::watch_client() {
  channel_->watch([this] { on_input_while_answering(); });
}

void ServerSession::on_input_while_answering() {
  const auto received = channel_->receive(scratch(), kPipelinedBytesMax);
  if (received.is_end) return abort();
  pending_.append(scratch(), received.bytes);
  if (pending_.size() < kPipelinedBytesMax) watch_client();
}

asio::awaitable<void> ServerSession::answer_refusal() {
  writer_.reset(request_.method == "HEAD", false, false);
  std::string reason(refusal_.reason);
  if (refusal_.status == 413) {
    reason += "; at most " + std::to_string(shared_.options.body_bytes_max) + " bytes are read";
  }
  auto response = openai_error(refusal_.status, reason);
  channel_->set_deadline(Channel::kNever);
  const auto sent = co_await writer_.send(std::move(response));
  if (sent) co_await linger();
}

asio::awaitable<void> ServerSession::linger() {
  channel_->shutdown_send();
  channel_->set_deadline(from_now(kLingerTimeout));
  bool is_end = false;
  while (!is_end) {
    const auto outcome = co_await channel_->wait_readable();
    is_end =
        outcome != Channel::Outcome::kReady || channel_->receive(scratch(), kScratchBytes).is_end;
  }
}

}  // namespace ringmaster::http
