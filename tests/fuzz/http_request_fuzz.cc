// fuzz: http
// What passes the strict gate has one meaning: written anew it passes again, unchanged; and a
// head or chunked body is judged the same whether it comes whole or byte by byte.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/ascii.h"
#include "http/chunk_decoder.h"
#include "http/head_writer.h"
#include "http/request_framing.h"
#include "http/response_framing.h"

namespace {

using namespace ringmaster::http;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

std::size_t scan_whole(std::string_view bytes, bool& is_refused) {
  HeadScanner scanner({});
  const auto size = scanner.scan(bytes);
  is_refused = !size;
  return size ? *size : 0;
}

void check_scan_in_pieces(std::string_view bytes, std::size_t expected, bool is_refused) {
  HeadScanner scanner({});
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    const auto size = scanner.scan(bytes.substr(0, end));
    if (!size) return require(is_refused);
    if (*size != 0) return require(*size == expected && *size == end);
  }
  require(expected == 0 && !is_refused);
}

void check_written_anew(const Request& request) {
  const auto* host = request.fields.find("host");
  const RequestLineAndHost line{.method = request.method,
                                .base_path = "",
                                .target = request.target,
                                .authority = host != nullptr ? std::string_view(*host) : "h"};
  std::string text;
  append_request_head(text, line, request.fields, 0);
  Request again;
  const auto framing = parse_request_head(text, again);
  require(framing.has_value());
  require(again.method == request.method && again.target == request.target);
  require(framing->message.body_bytes == 0);
}

void check_request(std::string_view head) {
  Request request;
  const auto framing = parse_request_head(head, request);
  if (!framing) return require(framing.error().status >= 400 && !framing.error().reason.empty());
  require(request.target.starts_with('/'));
  for (const auto& [name, value] : request.fields) {
    require(is_token(name) && !is_hop_by_hop(name));
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  check_written_anew(request);
}

std::string decode(std::string_view bytes, std::size_t piece_bytes, bool& is_end, bool& is_bad) {
  ChunkDecoder decoder;
  std::string body;
  is_end = is_bad = false;
  while (!bytes.empty() && !is_end) {
    const auto piece = bytes.substr(0, piece_bytes);
    const auto step = decoder.decode(piece);
    if (!step) {
      is_bad = true;
      return body;
    }
    require(step->consumed > 0 && step->consumed <= piece.size());
    body += step->data;
    is_end = step->is_end;
    bytes.remove_prefix(step->consumed);
  }
  return body;
}

void check_chunks(std::string_view bytes) {
  bool is_end = false;
  bool is_bad = false;
  const auto whole = decode(bytes, bytes.size(), is_end, is_bad);
  bool is_end_in_pieces = false;
  bool is_bad_in_pieces = false;
  const auto pieces = decode(bytes, 1, is_end_in_pieces, is_bad_in_pieces);
  require(whole == pieces && is_end == is_end_in_pieces && is_bad == is_bad_in_pieces);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  bool is_refused = false;
  const auto head_bytes = scan_whole(bytes, is_refused);
  if (size <= 4096) check_scan_in_pieces(bytes, head_bytes, is_refused);
  if (head_bytes != 0) {
    check_request(bytes.substr(0, head_bytes));
    ResponseHead response;
    const auto framing = parse_response_head(bytes.substr(0, head_bytes), "GET", response);
    require(!framing || (response.status >= 100 && response.status <= 999));
  }
  check_chunks(bytes.substr(head_bytes));
  return 0;
}
