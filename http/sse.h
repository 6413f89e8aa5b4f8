#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ringmaster::http {

/// One server-sent event, raw and read. Views are valid until the next call of the reader.
struct SseEvent {
  std::string_view raw;   ///< All its bytes with the blank line, for relaying unchanged.
  std::string_view data;  ///< The data lines joined by '\n'; empty for a comment.
  std::string_view type;  ///< Value of `event:`, or empty.
};

/// Cuts a byte stream into server-sent events. LF, CRLF and CR end lines, in any mix.
///
/// The raw parts, put together, are the stream. An event is given out with the first byte of its
/// blank line: should that be a CR whose LF comes later, the LF leads the next raw part.
class SseReader {
 public:
  explicit SseReader(std::size_t event_bytes_max = 1024 * 1024);

  /// Appends bytes of the stream.
  void feed(std::string_view bytes);

  /// The next complete event, or nothing until more is fed. Fails with kOverloaded if an event
  /// exceeds the limit.
  [[nodiscard]] Result<std::optional<SseEvent>> next();

  /// Bytes of an event that has not ended yet.
  [[nodiscard]] std::string_view rest() const;

 private:
  SseEvent take_event();

  std::string buffer_;
  std::string data_;         ///< Data lines of one event, when there are several.
  std::size_t start_ = 0;    ///< Of the event that has not ended yet.
  std::size_t scanned_ = 0;  ///< No line ends between line_start_ and here.
  std::size_t line_start_ = 0;
  bool after_cr_ = false;        ///< The last byte scanned is a CR that ended a line.
  bool at_stream_start_ = true;  ///< A byte order mark may follow.
  std::size_t event_bytes_max_;
};

}  // namespace ringmaster::http
