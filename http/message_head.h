#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "http/message.h"

namespace ringmaster::http {

/// Why a message is refused, and the status that says so. The reason is a static text.
struct Refusal {
  int status = 400;
  std::string_view reason;
};

template <class T>
using Framed = tl::expected<T, Refusal>;

[[nodiscard]] inline tl::unexpected<Refusal> refuse(int status, std::string_view reason) {
  return tl::unexpected(Refusal{.status = status, .reason = reason});
}

struct HeadLimits {
  std::size_t head_bytes_max = 64 * 1024;
  std::size_t first_line_bytes_max = 8 * 1024;
  std::size_t fields_max = 100;
};

/// Finds the end of a message's head while its bytes arrive. Each byte is looked at once.
class HeadScanner {
 public:
  explicit HeadScanner(const HeadLimits& limits) : limits_(limits) {}

  /// `bytes`: all that has arrived since the head's first byte. Returns the size of the head with
  /// its empty line, or 0 while that is missing. One empty line before the head is accepted.
  [[nodiscard]] Framed<std::size_t> scan(std::string_view bytes);

 private:
  [[nodiscard]] Framed<std::size_t> check_unfinished(std::string_view bytes) const;
  [[nodiscard]] Framed<void> check_first_line(std::string_view line) const;

  HeadLimits limits_;
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  std::size_t line_count_ = 0;
};

/// How the end of a body is found.
enum class BodyFraming : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

/// What the fields of a head say about the message's framing and connection.
struct MessageFraming {
  BodyFraming body = BodyFraming::kNone;
  std::uint64_t body_bytes = 0;  ///< With kLength.
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Fields that concern one connection only; never forwarded. `name` in any case.
[[nodiscard]] bool is_hop_by_hop(std::string_view name);

/// Takes the lines of a head one by one.
class HeadLines {
 public:
  /// `head` as measured by HeadScanner.
  explicit HeadLines(std::string_view head);

  /// The next line without its end; empty at the end of the head.
  [[nodiscard]] std::string_view next();

 private:
  std::string_view rest_;
};

/// "name: value" with strict syntax: no space before the colon, no folding, no control bytes.
[[nodiscard]] Framed<std::pair<std::string_view, std::string_view>> parse_field_line(
    std::string_view line);

/// Reads the remaining lines of a head into `fields` (without hop-by-hop ones and those that
/// Connection names) and works out the framing. Exactly one Content-Length or one
/// `Transfer-Encoding: chunked`, never both; neither leaves the body at kNone.
[[nodiscard]] Framed<MessageFraming> parse_fields(HeadLines& lines, bool is_http_1_0,
                                                  Fields& fields);

}  // namespace ringmaster::http
