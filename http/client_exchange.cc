#include "http/client_exchange.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "http/head_writer.h"
#include "http/response_framing.h"

namespace ringmaster::http {
namespace {

/// How long an instance may take no byte of a request, where no deadline says less.
constexpr std::chrono::seconds kWriteTimeout{30};

/// 100 Continue, 103 Early Hints: nobody sends more than a few.
constexpr int kInterimAnswersMax = 8;

constexpr std::size_t kFieldsMax = 256;

/// A body's memory is taken as its bytes arrive, not as its length announces.
constexpr std::size_t kBodyBytesAhead = 256 * 1024;

bool is_cancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

tl::unexpected<Error> cancelled() {
  return fail(ErrorCode::kCancelled, ErrorOrigin::kClient,
              "cancelled while talking to an instance");
}

}  // namespace

ClientExchange::ClientExchange(std::shared_ptr<ConnectionPool> pool, std::string authority,
                               std::shared_ptr<Channel> channel, const Deadlines& deadlines,
                               TimePoint total_at)
    : pool_(std::move(pool)),
      authority_(std::move(authority)),
      channel_(std::move(channel)),
      deadlines_(deadlines),
      total_at_(total_at),
      buffer_(pool_->take_buffer()) {}

ClientExchange::~ClientExchange() {
  if (channel_) channel_->close();
  pool_->put_buffer(std::move(buffer_));
}

asio::awaitable<Status> ClientExchange::begin(const Endpoint& endpoint, const RequestHead& head,
                                              std::string_view body) {
  auto written = co_await write_request(endpoint, head, body);
  if (!written) co_return written;
  co_return co_await read_head(head.method);
}

asio::awaitable<Status> ClientExchange::write_request(const Endpoint& endpoint,
                                                      const RequestHead& head,
                                                      std::string_view body) {
  const RequestLineAndHost line{.method = head.method,
                                .base_path = endpoint.base_path,
                                .target = head.target,
                                .authority = authority_};
  std::string text;
  text.reserve(1024);
  append_request_head(text, line, head.fields, body.size());
  const std::array<std::string_view, 2> parts{text, body};
  bool is_lost = false;
  const auto sent = channel_->send_now(parts, is_lost);
  // An instance may refuse and close before it has read everything: its answer is read first.
  if (is_lost || sent == text.size() + body.size()) co_return Status();
  const auto left =
      total_at_ == Channel::kNever
          ? Duration(kWriteTimeout)
          : std::min<Duration>(kWriteTimeout, total_at_ - std::chrono::steady_clock::now());
  const auto outcome = co_await channel_->send_rest(parts, sent, left);
  if (is_cancelled(co_await asio::this_coro::cancellation_state)) co_return cancelled();
  if (outcome == Channel::Outcome::kExpired) {
    co_return fail(ErrorCode::kDeadlineExceeded, ErrorOrigin::kInstance,
                   authority_ + " did not take the request in time", true);
  }
  co_return Status();
}

asio::awaitable<Status> ClientExchange::read_head(std::string_view method) {
  const auto bytes_max = pool_->options().header_bytes_max;
  const HeadLimits limits{
      .head_bytes_max = bytes_max, .first_line_bytes_max = bytes_max, .fields_max = kFieldsMax};
  int interim_count = 0;
  HeadScanner scanner(limits);
  while (!has_head_) {
    const auto scanned = scanner.scan({buffer_.data() + begin_, end_ - begin_});
    if (!scanned) co_return broken(scanned.error().reason);
    if (*scanned != 0) {
      const auto accepted = accept_head(*scanned, method);
      if (!accepted) co_return broken(accepted.error().reason);
      has_head_ = *accepted;
      scanner = HeadScanner(limits);
      if (!has_head_ && ++interim_count > kInterimAnswersMax) {
        co_return broken("too many interim answers");
      }
      continue;
    }
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    const bool is_first = end_ == 0;
    const auto input = co_await receive(buffer_.data() + end_, buffer_.size() - end_,
                                        is_first ? deadlines_.first_byte : deadlines_.idle);
    if (!input) co_return tl::unexpected(input.error());
    if (input->bytes == 0) {
      was_stale_ = is_first;
      co_return lost();
    }
    end_ += input->bytes;
  }
  co_return Status();
}

Framed<bool> ClientExchange::accept_head(std::size_t head_bytes, std::string_view method) {
  const auto framing = parse_response_head({buffer_.data() + begin_, head_bytes}, method, head_);
  if (!framing) return tl::unexpected(framing.error());
  begin_ += head_bytes;
  if (head_.status == 101) return refuse(502, "the answer switches protocols, unasked");
  if (head_.status < 200) return false;
  framing_ = *framing;
  left_ = framing_.body_bytes;
  const bool has_body = framing_.body == BodyFraming::kChunked ||
                        framing_.body == BodyFraming::kUntilClose ||
                        (framing_.body == BodyFraming::kLength && left_ != 0);
  if (!has_body) note_end();
  return true;
}

asio::awaitable<Result<std::string_view>> ClientExchange::read_some() {
  while (true) {
    const auto taken = take_buffered();
    if (!taken) co_return broken(taken.error().reason);
    if (!taken->empty() || is_at_end_) co_return *taken;
    begin_ = end_ = 0;
    const auto input = co_await receive(buffer_.data(), buffer_.size(), deadlines_.idle);
    if (!input) co_return tl::unexpected(input.error());
    if (input->bytes == 0) {
      if (framing_.body != BodyFraming::kUntilClose) co_return lost();
      note_end();
    }
    end_ = input->bytes;
  }
}

asio::awaitable<Result<std::string>> ClientExchange::read_all(std::size_t bytes_max) {
  std::string body;
  const auto too_large = [&] {
    return fail(ErrorCode::kOverloaded, ErrorOrigin::kInstance,
                "the answer is larger than " + std::to_string(bytes_max) + " bytes");
  };
  if (framing_.body == BodyFraming::kLength) {
    if (left_ > bytes_max) co_return too_large();
    const auto read = co_await read_rest_into(body);
    if (!read) co_return tl::unexpected(read.error());
    co_return body;
  }
  while (true) {
    const auto some = co_await read_some();
    if (!some) co_return tl::unexpected(some.error());
    if (some->empty()) co_return body;
    if (body.size() + some->size() > bytes_max) co_return too_large();
    body += *some;
  }
}

void ClientExchange::abort() {
  if (channel_) channel_->close();
}

asio::awaitable<Status> ClientExchange::read_rest_into(std::string& body) {
  const auto size = static_cast<std::size_t>(left_);
  const auto buffered = take_buffered();
  if (!buffered) co_return broken(buffered.error().reason);
  body.assign(*buffered);
  std::size_t filled = body.size();
  while (filled < size) {
    if (filled == body.size()) body.resize(std::min(size, std::max(filled * 2, kBodyBytesAhead)));
    const auto input =
        co_await receive(body.data() + filled, body.size() - filled, deadlines_.idle);
    if (!input) co_return tl::unexpected(input.error());
    if (input->bytes == 0) co_return lost();
    filled += input->bytes;
    left_ -= input->bytes;
  }
  if (!is_at_end_) {
    begin_ = end_ = 0;
    note_end();
  }
  co_return Status();
}

asio::awaitable<Result<ClientExchange::Input>> ClientExchange::receive(
    char* space, std::size_t size, std::chrono::milliseconds timeout) {
  if (!channel_) co_return lost();
  if (is_cancelled(co_await asio::this_coro::cancellation_state)) {
    channel_->close();
    co_return cancelled();
  }
  channel_->set_deadline(deadline_after(timeout));
  bool must_wait = !may_have_more_;
  while (true) {
    if (must_wait) {
      const auto outcome = co_await channel_->wait_readable();
      if (is_cancelled(co_await asio::this_coro::cancellation_state)) co_return cancelled();
      if (outcome == Channel::Outcome::kExpired) {
        co_return fail(ErrorCode::kDeadlineExceeded, ErrorOrigin::kInstance,
                       authority_ + (has_head_ ? " stopped sending" : " did not answer in time"),
                       !has_head_);
      }
    }
    const auto received = channel_->receive(space, size);
    // Where the end of the stream ends the body, a broken stream must not look like one.
    if (received.is_broken && has_head_) co_return lost();
    may_have_more_ = received.bytes == size;
    if (received.bytes != 0 || received.is_end) {
      const Input input{.bytes = received.bytes};
      co_return input;
    }
    must_wait = true;
  }
}

Framed<std::string_view> ClientExchange::take_buffered() {
  if (begin_ == end_ || is_at_end_) return std::string_view();
  if (framing_.body == BodyFraming::kChunked) return take_chunks();
  auto bytes = std::string_view(buffer_).substr(begin_, end_ - begin_);
  if (framing_.body == BodyFraming::kLength) {
    bytes = bytes.substr(0, left_);
    left_ -= bytes.size();
  }
  begin_ += bytes.size();
  if (framing_.body == BodyFraming::kLength && left_ == 0) note_end();
  return bytes;
}

Framed<std::string_view> ClientExchange::take_chunks() {
  // The data of all chunks is moved together: fewer and larger writes behind.
  const auto data_begin = begin_;
  auto data_end = begin_;
  while (begin_ < end_ && !is_at_end_) {
    const auto step = chunks_.decode(std::string_view(buffer_).substr(begin_, end_ - begin_));
    if (!step) return tl::unexpected(step.error());
    begin_ += step->consumed;
    if (!step->data.empty()) {
      std::memmove(buffer_.data() + data_end, step->data.data(), step->data.size());
      data_end += step->data.size();
    }
    if (step->is_end) note_end();
  }
  return std::string_view(buffer_).substr(data_begin, data_end - data_begin);
}

void ClientExchange::note_end() {
  is_at_end_ = true;
  // Bytes behind the end would be taken for the next answer.
  const bool is_reusable = framing_.keep_alive && begin_ == end_ && channel_->is_open();
  if (is_reusable) {
    pool_->put(authority_, std::move(channel_));
  } else {
    channel_->close();
  }
  channel_ = nullptr;
}

tl::unexpected<Error> ClientExchange::broken(std::string_view reason) {
  if (channel_) channel_->close();
  return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance,
              "broken answer of " + authority_ + ": " + std::string(reason), !has_head_);
}

tl::unexpected<Error> ClientExchange::lost() {
  return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance,
              "the connection to " + authority_ +
                  (has_head_ ? " broke before the end of the answer" : " broke before the answer"),
              !has_head_);
}

TimePoint ClientExchange::deadline_after(std::chrono::milliseconds timeout) const {
  if (timeout.count() == 0) return total_at_;
  return std::min<TimePoint>(total_at_, std::chrono::steady_clock::now() + timeout);
}

}  // namespace ringmaster::http
