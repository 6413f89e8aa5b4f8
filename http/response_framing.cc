#include "http/response_framing.h"

#include <algorithm>

#include "http/ascii.h"

namespace ringmaster::http {
namespace {

struct StatusLine {
  int status = 0;
  bool is_http_1_0 = false;
};

/// "HTTP/1.x NNN reason"; the reason, and the space before it, may be missing.
Framed<StatusLine> parse_status_line(std::string_view line) {
  StatusLine parsed;
  if (line.starts_with("HTTP/1.0 ")) {
    parsed.is_http_1_0 = true;
  } else if (!line.starts_with("HTTP/1.1 ")) {
    return refuse(502, "the status line must start with HTTP/1.1 or HTTP/1.0");
  }
  line.remove_prefix(9);
  const auto digits = line.substr(0, 3);
  const auto reason = line.substr(digits.size());
  if (digits.size() != 3 || !std::all_of(digits.begin(), digits.end(), is_digit) ||
      digits[0] == '0' || (!reason.empty() && reason[0] != ' ') ||
      !std::all_of(reason.begin(), reason.end(), is_field_value_char)) {
    return refuse(502, "the status line must hold a status of three digits");
  }
  parsed.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  return parsed;
}

}  // namespace

Framed<MessageFraming> parse_response_head(std::string_view head_text, std::string_view method,
                                           ResponseHead& head) {
  HeadLines lines(head_text);
  const auto line = parse_status_line(lines.next());
  if (!line) return tl::unexpected(line.error());
  head.status = line->status;
  head.fields.clear();
  auto framing = parse_fields(lines, line->is_http_1_0, head.fields);
  if (!framing) return framing;
  const bool has_no_body =
      method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304;
  if (has_no_body) {
    framing->body = BodyFraming::kNone;
  } else if (framing->body == BodyFraming::kNone) {
    framing->body = BodyFraming::kUntilClose;
    framing->keep_alive = false;
  }
  return framing;
}

}  // namespace ringmaster::http
