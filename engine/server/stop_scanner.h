#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace ringmaster::engine {

/// Finds where a text that comes in pieces has to end: at the earliest place where any of the stop
/// strings begins. What the pieces are makes no difference.
///
/// A stop string that is complete does not decide while one that began before it may yet become
/// whole; that takes fewer bytes than the longest one has. Of several that begin at the same place
/// any one decides, since none of them is part of the text.
///
/// Costs constant time per byte and stop string on average, and four bytes of memory for each byte
/// of them (Knuth, Morris and Pratt, "Fast pattern matching in strings", 1977).
class StopScanner {
 public:
  /// Requires: no empty stop string.
  explicit StopScanner(const std::vector<std::string>& stop);

  /// Reads the next piece. Requires: !is_decided().
  void read(std::string_view text);

  /// No further piece comes: what is open becomes no stop string any more.
  void finish() { patterns_.clear(); }

  /// Bytes from the start of the text that belong to it whatever comes.
  [[nodiscard]] std::uint64_t certain_bytes() const;

  /// The text ends at certain_bytes().
  [[nodiscard]] bool is_decided() const { return end_ != kNone && certain_bytes() == end_; }

 private:
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  struct Pattern {
    explicit Pattern(std::string_view stop);
    /// Requires: !is_whole().
    void take(char byte);
    /// The text ends with the whole stop string.
    [[nodiscard]] bool is_whole() const { return matched == text.size(); }

    std::string text;
    /// Of the first i + 1 bytes: how many are both their beginning and, elsewhere, their end.
    std::vector<std::uint32_t> borders;
    std::size_t matched = 0;  // Bytes at the end of what was read that a match may begin with.
  };

  std::vector<Pattern> patterns_;  // Not found yet.
  std::uint64_t read_ = 0;         // Bytes.
  std::uint64_t end_ = kNone;      // The earliest start of a whole stop string.
};

}  // namespace ringmaster::engine
