#include "http/message_head.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "http/ascii.h"

namespace ringmaster::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

/// 18 digits always fit into 64 bits.
constexpr std::size_t kLengthDigitsMax = 18;

/// Collects what the framing fields of one head say; judges when all are seen.
struct FramingFields {
  std::string_view content_length;
  std::string_view transfer_encoding;
  std::size_t content_length_count = 0;
  std::size_t transfer_encoding_count = 0;
  std::vector<std::string_view> named_by_connection;
  bool says_close = false;
  bool says_keep_alive = false;
  std::string_view expect;
};

Framed<std::uint64_t> parse_content_length(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return refuse(400, "Content-Length must be one decimal number");
  }
  if (text.size() > kLengthDigitsMax) return refuse(413, "Content-Length is too large");
  std::uint64_t value = 0;
  for (const char digit : text) value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  return value;
}

Framed<void> check_transfer_encoding(std::string_view text) {
  std::string_view last;
  std::size_t chunked_count = 0;
  std::size_t count = 0;
  for_each_element(text, [&](std::string_view coding) {
    last = coding;
    ++count;
    if (equals_ignoring_case(coding, "chunked")) ++chunked_count;
  });
  if (chunked_count != 1 || !equals_ignoring_case(last, "chunked")) {
    return refuse(400, "Transfer-Encoding must end in one \"chunked\"");
  }
  // "chunked," and ",chunked" are lists, too; one spelling leaves no room for two opinions.
  if (count != 1) return refuse(501, "no transfer coding but \"chunked\" is supported");
  if (!equals_ignoring_case(text, "chunked")) {
    return refuse(400, "Transfer-Encoding must be \"chunked\"");
  }
  return {};
}

void note_connection_options(std::string_view list, FramingFields& seen) {
  for_each_element(list, [&](std::string_view option) {
    if (equals_ignoring_case(option, "close")) {
      seen.says_close = true;
    } else if (equals_ignoring_case(option, "keep-alive")) {
      seen.says_keep_alive = true;
    } else {
      seen.named_by_connection.push_back(option);
    }
  });
}

/// True if the field was about framing or the connection and must not be passed on.
bool note_framing_field(std::string_view name, std::string_view value, FramingFields& seen) {
  if (equals_ignoring_case(name, "content-length")) {
    seen.content_length = value;
    ++seen.content_length_count;
    return true;
  }
  if (equals_ignoring_case(name, "transfer-encoding")) {
    seen.transfer_encoding = value;
    ++seen.transfer_encoding_count;
    return true;
  }
  if (equals_ignoring_case(name, "connection")) {
    note_connection_options(value, seen);
    return true;
  }
  if (equals_ignoring_case(name, "expect")) {
    seen.expect = value;
    return true;
  }
  return is_hop_by_hop(name);
}

Framed<MessageFraming> judge(const FramingFields& seen, bool is_http_1_0) {
  MessageFraming framing;
  framing.keep_alive = !seen.says_close && (!is_http_1_0 || seen.says_keep_alive);
  if (seen.content_length_count > 1) return refuse(400, "more than one Content-Length");
  if (seen.transfer_encoding_count > 1) return refuse(400, "more than one Transfer-Encoding");
  if (seen.transfer_encoding_count == 1) {
    if (seen.content_length_count == 1) {
      return refuse(400, "both Content-Length and Transfer-Encoding");
    }
    if (is_http_1_0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (const auto checked = check_transfer_encoding(seen.transfer_encoding); !checked) {
      return tl::unexpected(checked.error());
    }
    framing.body = BodyFraming::kChunked;
  } else if (seen.content_length_count == 1) {
    const auto length = parse_content_length(seen.content_length);
    if (!length) return tl::unexpected(length.error());
    framing.body = BodyFraming::kLength;
    framing.body_bytes = *length;
  }
  if (!seen.expect.empty()) {
    if (!equals_ignoring_case(seen.expect, "100-continue")) {
      return refuse(417, "no expectation but 100-continue is supported");
    }
    framing.expects_continue = !is_http_1_0;
  }
  return framing;
}

}  // namespace

Framed<std::size_t> HeadScanner::scan(std::string_view bytes) {
  while (true) {
    const auto line_feed = bytes.find('\n', scanned_);
    if (line_feed == std::string_view::npos) {
      scanned_ = bytes.size();
      return check_unfinished(bytes);
    }
    if (line_feed == line_start_ || bytes[line_feed - 1] != '\r') {
      return refuse(400, "a line must end in CR LF");
    }
    const auto line_bytes = line_feed - 1 - line_start_;
    const bool is_first = line_count_ == 0;
    if (is_first) {
      const auto checked = check_first_line(bytes.substr(line_start_, line_bytes));
      if (!checked) return tl::unexpected(checked.error());
    }
    if (line_feed >= limits_.head_bytes_max) return refuse(431, "the header is too large");
    if (line_bytes == 0 && !(is_first && line_start_ == 0)) return line_feed + 1;
    if (line_bytes != 0 && ++line_count_ > limits_.fields_max + 1) {
      return refuse(431, "too many header fields");
    }
    line_start_ = scanned_ = line_feed + 1;
  }
}

Framed<std::size_t> HeadScanner::check_unfinished(std::string_view bytes) const {
  if (line_count_ == 0) {
    auto line = bytes.substr(line_start_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto checked = check_first_line(line);
    if (!checked) return tl::unexpected(checked.error());
  }
  if (bytes.size() > limits_.head_bytes_max) return refuse(431, "the header is too large");
  return 0;
}

Framed<void> HeadScanner::check_first_line(std::string_view line) const {
  // What does not begin like HTTP (TLS, say) is not worth waiting for.
  if (!line.empty() && !is_token_char(line[0])) return refuse(400, "not an HTTP/1.1 message");
  if (line.size() > limits_.first_line_bytes_max) {
    return refuse(414, "the request line is too long");
  }
  return {};
}

bool is_hop_by_hop(std::string_view name) {
  switch (name.size()) {
    case 2:
      return equals_ignoring_case(name, "te");
    case 7:
      return equals_ignoring_case(name, "trailer") || equals_ignoring_case(name, "upgrade");
    case 10:
      return equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "keep-alive");
    case 14:
      return equals_ignoring_case(name, "http2-settings");
    case 16:
      return equals_ignoring_case(name, "proxy-connection");
    case 17:
      return equals_ignoring_case(name, "transfer-encoding");
    default:
      return false;
  }
}

HeadLines::HeadLines(std::string_view head) : rest_(head) {
  if (rest_.starts_with(kLineEnd)) rest_.remove_prefix(kLineEnd.size());
}

std::string_view HeadLines::next() {
  const auto end = rest_.find(kLineEnd);
  const auto line = rest_.substr(0, end);
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + kLineEnd.size());
  return line;
}

Framed<std::pair<std::string_view, std::string_view>> parse_field_line(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return refuse(400, "folded header lines are not allowed");
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a header line without colon");
  const auto name = line.substr(0, colon);
  if (!is_token(name)) return refuse(400, "a header name with a character that is not allowed");
  const auto value = trim(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_field_value_char)) {
    return refuse(400, "a header value with a control character");
  }
  return std::pair(name, value);
}

Framed<MessageFraming> parse_fields(HeadLines& lines, bool is_http_1_0, Fields& fields) {
  FramingFields seen;
  for (auto line = lines.next(); !line.empty(); line = lines.next()) {
    const auto field = parse_field_line(line);
    if (!field) return tl::unexpected(field.error());
    if (!note_framing_field(field->first, field->second, seen)) {
      fields.add(field->first, field->second);
    }
  }
  const auto framing = judge(seen, is_http_1_0);
  if (!framing) return framing;
  for (const auto name : seen.named_by_connection) {
    if (!equals_ignoring_case(name, "host")) fields.remove(name);
  }
  return framing;
}

}  // namespace ringmaster::http
