#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster {

/// Bytes [begin, end) of a text.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const ByteRange&) const = default;
};

/// Text that knows which of its bytes came from outside.
///
/// A chat template writes control tokens such as <|im_end|>; a message must not be able to. So each
/// string of a rendering remembers the bytes that came out of the request ("plain"), through every
/// concatenation, slice and trim, and the tokenizer reads a special token only where all its bytes
/// are the template's own.
class MarkedText {
 public:
  MarkedText() = default;

  /// Text of the template or of the model's files.
  [[nodiscard]] static MarkedText trusted(std::string_view bytes);

  /// Text of the request.
  [[nodiscard]] static MarkedText plain(std::string_view bytes);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  /// Sorted, disjoint, not empty, not touching each other.
  [[nodiscard]] const std::vector<ByteRange>& plain_ranges() const { return plain_; }
  [[nodiscard]] bool has_plain() const { return !plain_.empty(); }

  /// Is any byte of [begin, end) from outside?
  [[nodiscard]] bool touches_plain(std::size_t begin, std::size_t end) const;

  void append(const MarkedText& other);
  void append_trusted(std::string_view bytes) { bytes_ += bytes; }
  void append_plain(std::string_view bytes);

  /// Bytes [begin, end) with their marks. Requires: begin <= end <= size().
  [[nodiscard]] MarkedText slice(std::size_t begin, std::size_t end) const;

  /// The text with `change(std::string_view) -> std::string` done to each run of equally marked
  /// bytes.
  template <class Change>
  [[nodiscard]] MarkedText transformed(Change&& change) const {
    MarkedText result;
    const std::string_view all = bytes_;
    std::size_t done = 0;
    for (const ByteRange& range : plain_) {
      if (range.begin > done) result.append_trusted(change(all.substr(done, range.begin - done)));
      result.append_plain(change(all.substr(range.begin, range.end - range.begin)));
      done = range.end;
    }
    if (done < all.size()) result.append_trusted(change(all.substr(done)));
    return result;
  }

 private:
  void mark(std::size_t begin, std::size_t end);

  std::string bytes_;
  std::vector<ByteRange> plain_;
};

}  // namespace ringmaster
