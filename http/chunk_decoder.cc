#include "http/chunk_decoder.h"

#include <algorithm>

#include "base/check.h"
#include "http/ascii.h"

namespace ringmaster::http {
namespace {

constexpr std::size_t kSizeDigitsMax = 15;  // 60 bits: no sum of sizes can overflow.
constexpr std::size_t kExtensionBytesMax = 4 * 1024;
constexpr std::size_t kTrailerBytesMax = 8 * 1024;

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Framed<ChunkDecoder::Step> ChunkDecoder::decode(std::string_view bytes) {
  RINGMASTER_CHECK(state_ != State::kEnd);
  std::size_t used = 0;
  while (used < bytes.size()) {
    if (state_ == State::kData) {
      const auto data = bytes.substr(used, left_);
      left_ -= data.size();
      if (left_ == 0) state_ = State::kDataReturn;
      return Step{.consumed = used + data.size(), .data = data};
    }
    if (const auto taken = take(bytes[used++]); !taken) return tl::unexpected(taken.error());
    if (state_ == State::kEnd) return Step{.consumed = used, .data = {}, .is_end = true};
  }
  return Step{.consumed = used};
}

Framed<void> ChunkDecoder::take(char c) {
  switch (state_) {
    case State::kSizeStart:
    case State::kSize:
      return take_size(c);
    case State::kExtension:
      return take_extension(c);
    case State::kSizeLineFeed:
      if (c != '\n') return refuse(400, "a chunk size must end in CR LF");
      state_ = left_ == 0 ? State::kTrailer : State::kData;
      return {};
    case State::kDataReturn:
      if (c != '\r') return refuse(400, "a chunk is longer than its size says");
      state_ = State::kDataLineFeed;
      return {};
    case State::kDataLineFeed:
      if (c != '\n') return refuse(400, "a chunk must end in CR LF");
      state_ = State::kSizeStart;
      return {};
    case State::kTrailer:
      return take_trailer(c);
    case State::kTrailerLineFeed:
      if (c != '\n') return refuse(400, "a trailer line must end in CR LF");
      return end_trailer_line();
    case State::kData:
    case State::kEnd:
      break;
  }
  RINGMASTER_CHECK(false);
  return {};
}

Framed<void> ChunkDecoder::take_size(char c) {
  const int digit = hex_value(c);
  if (state_ == State::kSizeStart) {
    if (digit < 0) return refuse(400, "a chunk size must be a hexadecimal number");
    left_ = 0;
    size_digits_ = 0;
    state_ = State::kSize;
  }
  if (digit >= 0) {
    if (++size_digits_ > kSizeDigitsMax) return refuse(400, "a chunk size is too large");
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return {};
  }
  if (c != ';' && c != '\r') return refuse(400, "a chunk size must be a hexadecimal number");
  state_ = c == ';' ? State::kExtension : State::kSizeLineFeed;
  return {};
}

Framed<void> ChunkDecoder::take_extension(char c) {
  if (++extension_bytes_ > kExtensionBytesMax) return refuse(400, "chunk extensions are too long");
  if (c == '\r') {
    state_ = State::kSizeLineFeed;
    return {};
  }
  if (!is_field_value_char(c)) return refuse(400, "a chunk extension with a control character");
  return {};
}

Framed<void> ChunkDecoder::take_trailer(char c) {
  if (c == '\r') {
    state_ = State::kTrailerLineFeed;
    return {};
  }
  if (!is_field_value_char(c)) return refuse(400, "a trailer line with a control character");
  if (++trailer_bytes_ > kTrailerBytesMax) return refuse(431, "the trailer is too large");
  trailer_line_ += c;
  return {};
}

Framed<void> ChunkDecoder::end_trailer_line() {
  if (trailer_line_.empty()) {
    state_ = State::kEnd;
    return {};
  }
  const auto field = parse_field_line(trailer_line_);
  if (!field) return tl::unexpected(field.error());
  // A field that frames or routes the message has no place behind it.
  constexpr std::string_view kForbidden[] = {"content-length", "transfer-encoding", "host",
                                             "connection",     "authorization",     "trailer"};
  if (std::any_of(std::begin(kForbidden), std::end(kForbidden), [&](std::string_view name) {
        return equals_ignoring_case(field->first, name);
      })) {
    return refuse(400, "a trailer field that is not allowed there");
  }
  trailer_line_.clear();
  state_ = State::kTrailer;
  return {};
}

}  // namespace ringmaster::http
