#include "http/response_writer.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "http/ascii.h"

namespace ringmaster::http {
namespace {

bool is_without_body(int status) {
  return status < 200 || status == 204 || status == 304;
}

/// For an answer to HEAD that was relayed: the length that GET would have had.
std::uint64_t announced_length(const Fields& fields, std::uint64_t otherwise) {
  const auto* text = fields.find("content-length");
  if (text == nullptr) return otherwise;
  std::uint64_t value = 0;
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  return error == std::errc() && stop == end ? value : otherwise;
}

}  // namespace

ClientWriter::ClientWriter(Channel& channel, const ServerOptions& options)
    : channel_(channel), options_(options) {}

void ClientWriter::reset(bool is_head_request, bool is_http_1_0, bool keep_alive) {
  state_ = State::kFresh;
  is_head_request_ = is_head_request;
  is_http_1_0_ = is_http_1_0;
  keep_alive_ = keep_alive;
}

Status ClientWriter::check(State expected) const {
  if (is_client_gone_ || state_ == State::kBroken) {
    return fail(ErrorCode::kCancelled, ErrorOrigin::kClient, "the client has gone away");
  }
  RINGMASTER_CHECK(state_ == expected);
  return {};
}

void ClientWriter::build_head(int status, const Fields& fields, AnswerFraming framing,
                              std::uint64_t bytes) {
  framing_ = is_without_body(status) ? AnswerFraming::kNone : framing;
  head_.clear();
  const AnswerHead head{.status = status,
                        .framing = framing_,
                        .body_bytes = bytes,
                        .keep_alive = keep_alive_,
                        .server_name = options_.server_name};
  append_response_head(head_, head, fields);
}

asio::awaitable<Status> ClientWriter::send(Response response) {
  if (auto checked = check(State::kFresh); !checked) co_return checked;
  const std::uint64_t bytes = is_head_request_
                                  ? announced_length(response.fields, response.body.size())
                                  : response.body.size();
  build_head(response.status, response.fields, AnswerFraming::kLength, bytes);
  const bool has_body = framing_ == AnswerFraming::kLength && !is_head_request_;
  state_ = State::kDone;
  const std::array<std::string_view, 2> parts{head_, has_body ? response.body : std::string_view()};
  co_return co_await put(parts);
}

asio::awaitable<Status> ClientWriter::start(ResponseHead head) {
  if (auto checked = check(State::kFresh); !checked) co_return checked;
  if (is_http_1_0_) keep_alive_ = false;
  build_head(head.status, head.fields,
             is_http_1_0_ ? AnswerFraming::kUntilClose : AnswerFraming::kChunked, 0);
  state_ = State::kStreaming;
  const std::array<std::string_view, 1> parts{head_};
  co_return co_await put(parts);
}

asio::awaitable<Status> ClientWriter::write(std::string_view bytes) {
  if (auto checked = check(State::kStreaming); !checked) co_return checked;
  // An empty chunk would end the body.
  if (bytes.empty() || is_head_request_ || framing_ == AnswerFraming::kNone) co_return Status();
  if (framing_ == AnswerFraming::kUntilClose) {
    const std::array<std::string_view, 1> parts{bytes};
    co_return co_await put(parts);
  }
  std::array<char, 18> size;
  auto* end = std::to_chars(size.data(), size.data() + 16, bytes.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  const std::array<std::string_view, 3> parts{std::string_view(size.data(), end), bytes, "\r\n"};
  co_return co_await put(parts);
}

asio::awaitable<Status> ClientWriter::finish() {
  if (auto checked = check(State::kStreaming); !checked) co_return checked;
  state_ = State::kDone;
  if (is_head_request_ || framing_ != AnswerFraming::kChunked) co_return Status();
  const std::array<std::string_view, 1> parts{"0\r\n\r\n"};
  co_return co_await put(parts);
}

asio::awaitable<Status> ClientWriter::put(Channel::Parts parts) {
  std::size_t bytes = 0;
  for (const auto part : parts) bytes += part.size();
  bool is_lost = false;
  const auto sent = channel_.send_now(parts, is_lost);
  auto outcome = is_lost ? Channel::Outcome::kLost : Channel::Outcome::kReady;
  if (!is_lost && sent < bytes) {
    outcome = co_await channel_.send_rest(parts, sent, options_.write_timeout);
  }
  if (outcome == Channel::Outcome::kReady && !is_client_gone_) co_return Status();
  state_ = State::kBroken;
  if (outcome == Channel::Outcome::kExpired) {
    co_return fail(ErrorCode::kDeadlineExceeded, ErrorOrigin::kClient,
                   "the client took no byte of the answer for too long");
  }
  co_return fail(ErrorCode::kCancelled, ErrorOrigin::kClient, "the client has gone away");
}

}  // namespace ringmaster::http
