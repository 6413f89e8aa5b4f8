#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message_head.h"

namespace ringmaster::http {

/// Takes the chunked coding off a body while its bytes arrive. Strict: CR LF only, at most 15 hex
/// digits, extensions and trailer fields bounded and dropped. Holds no body bytes.
class ChunkDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;  ///< Bytes of the input that are done with.
    std::string_view data;     ///< Part of the input; may be empty.
    bool is_end = false;       ///< The body is complete; what was not consumed follows it.
  };

  /// Consumes up to the next end of data. Call again with the rest until nothing is left.
  /// Requires: is_end was not returned yet.
  [[nodiscard]] Framed<Step> decode(std::string_view bytes);

 private:
  enum class State : std::uint8_t {
    kSizeStart,
    kSize,
    kExtension,
    kSizeLineFeed,
    kData,
    kDataReturn,
    kDataLineFeed,
    kTrailer,
    kTrailerLineFeed,
    kEnd,
  };

  [[nodiscard]] Framed<void> take(char c);
  [[nodiscard]] Framed<void> take_size(char c);
  [[nodiscard]] Framed<void> take_extension(char c);
  [[nodiscard]] Framed<void> take_trailer(char c);
  [[nodiscard]] Framed<void> end_trailer_line();

  State state_ = State::kSizeStart;
  std::uint64_t left_ = 0;  ///< Of the chunk.
  std::size_t size_digits_ = 0;
  std::size_t extension_bytes_ = 0;  ///< Of the whole body.
  std::size_t trailer_bytes_ = 0;
  std::string trailer_line_;
};

}  // namespace ringmaster::http
