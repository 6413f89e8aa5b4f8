#include "http/sse.h"

#include <utility>

namespace ringmaster::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Takes the next line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find_first_of("\r\n");
  const auto line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
    return line;
  }
  const bool is_crlf = text.substr(end).starts_with("\r\n");
  text.remove_prefix(end + (is_crlf ? 2 : 1));
  return line;
}

}  // namespace

SseReader::SseReader(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

void SseReader::feed(std::string_view bytes) {
  if (start_ != 0) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    line_start_ -= start_;
    start_ = 0;
  }
  buffer_ += bytes;
}

Result<std::optional<SseEvent>> SseReader::next() {
  while (scanned_ < buffer_.size()) {
    // The LF of a CRLF whose CR ended what was fed before: part of that line's end.
    if (std::exchange(after_cr_, false) && buffer_[scanned_] == '\n') {
      line_start_ = ++scanned_;
      continue;
    }
    const auto end = buffer_.find_first_of("\r\n", scanned_);
    if (end == std::string::npos) {
      scanned_ = buffer_.size();
      break;
    }
    const bool is_empty = end == line_start_;
    const bool is_crlf =
        buffer_[end] == '\r' && end + 1 < buffer_.size() && buffer_[end + 1] == '\n';
    after_cr_ = buffer_[end] == '\r' && end + 1 == buffer_.size();
    line_start_ = scanned_ = end + (is_crlf ? 2 : 1);
    if (is_empty) {
      if (scanned_ - start_ > event_bytes_max_) break;
      return take_event();
    }
  }
  if (scanned_ - start_ > event_bytes_max_) {
    return fail(ErrorCode::kOverloaded, ErrorOrigin::kInstance,
                "server-sent event longer than " + std::to_string(event_bytes_max_) + " bytes");
  }
  return std::nullopt;
}

std::string_view SseReader::rest() const {
  const auto rest = std::string_view(buffer_).substr(start_);
  // A lone LF is never a line of its own here: it completes the CRLF of the event before.
  return rest == "\n" ? std::string_view() : rest;
}

SseEvent SseReader::take_event() {
  SseEvent event;
  event.raw = std::string_view(buffer_).substr(start_, scanned_ - start_);
  start_ = scanned_;
  auto text = event.raw;
  if (std::exchange(at_stream_start_, false) && text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  bool has_data = false;
  while (!text.empty()) {
    const auto line = take_line(text);
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event.type = value;
    if (name != "data") continue;
    if (!has_data) {
      event.data = value;
    } else {
      // Several data lines are rare; only they are copied.
      if (event.data.data() != data_.data()) data_.assign(event.data);
      data_ += '\n';
      data_ += value;
      event.data = data_;
    }
    has_data = true;
  }
  return event;
}

}  // namespace ringmaster::http
