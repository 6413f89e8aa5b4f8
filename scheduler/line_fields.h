#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// Writes one record as a line of text: words, then `key=value` fields, separated by one space.
/// Bytes of a text value that would end it (space, control bytes, '%', non-ASCII) become %XX.
class LineWriter {
 public:
  /// Appends to `line`, which outlives this.
  explicit LineWriter(std::string& line) : line_(line) {}

  void word(std::string_view text);
  void number(std::string_view key, std::uint64_t value);
  void integer(std::string_view key, std::int64_t value);
  void real(std::string_view key, double value);  ///< Shortest text that reads back the same.
  void text(std::string_view key, std::string_view value);
  void blocks(std::string_view key, std::span<const BlockHash> value);  ///< 32 hex digits each.

 private:
  void key(std::string_view name);

  std::string& line_;
};

/// Reads such a line back. Remembers the first problem; every getter after it gives its fallback.
class LineReader {
 public:
  /// The line outlives this.
  explicit LineReader(std::string_view line);

  /// The next word before the fields; empty if there is none.
  [[nodiscard]] std::string_view word();
  /// The next word as a whole number.
  [[nodiscard]] std::int64_t integer_word();

  [[nodiscard]] bool has(std::string_view key) const;
  // Absent fields are problems unless a fallback is given.
  [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t max,
                                     std::optional<std::uint64_t> fallback = std::nullopt);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max,
                                     std::optional<std::int64_t> fallback = std::nullopt);
  [[nodiscard]] double real(std::string_view key, double min, double max);
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] std::vector<BlockHash> blocks(std::string_view key);
  /// Index in `names`; of the first where an optional one is left out.
  [[nodiscard]] std::size_t choice(std::string_view key, std::span<const std::string_view> names,
                                   bool is_optional = false);

  template <class Unsigned>
  [[nodiscard]] Unsigned whole(std::string_view key,
                               std::optional<Unsigned> fallback = std::nullopt) {
    std::optional<std::uint64_t> wide;
    if (fallback) wide = *fallback;
    return static_cast<Unsigned>(number(key, std::numeric_limits<Unsigned>::max(), wide));
  }
  template <class Unsigned>
  [[nodiscard]] std::optional<Unsigned> optional_whole(std::string_view key) {
    if (!has(key)) return std::nullopt;
    return whole<Unsigned>(key);
  }

  /// Notes a problem unless there is one already.
  void refuse(std::string problem);

  /// Fails with kInvalidArgument on the first problem, or on a field that nothing asked for.
  [[nodiscard]] Status finish();

 private:
  struct Field {
    std::string_view key;
    std::string_view value;
    bool is_used = false;
  };

  [[nodiscard]] const std::string_view* find(std::string_view key, bool is_optional);

  std::vector<std::string_view> words_;
  std::size_t next_word_ = 0;
  std::vector<Field> fields_;
  std::string problem_;
};

}  // namespace ringmaster
