#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/marked_text.h"

namespace ringmaster::jinja {

// What Python's str methods do, on texts that keep their marks. Positions count code points.

/// Which ends of a text to strip.
enum class StripSide { kBoth, kLeft, kRight };

/// Without `characters`, white space is stripped.
[[nodiscard]] MarkedText strip(const MarkedText& text, StripSide side,
                               std::optional<std::string_view> characters = std::nullopt);

/// At each `separator`; without one, at each run of white space, and no part is empty. At most
/// `splits_max` times, if that is not negative; from the right, if so asked.
/// Requires: separator is not empty.
[[nodiscard]] std::vector<MarkedText> split(const MarkedText& text,
                                            std::optional<std::string_view> separator,
                                            long splits_max = -1, bool from_right = false);

/// At line breaks, without them.
[[nodiscard]] std::vector<MarkedText> split_lines(const MarkedText& text);

/// How many bytes replace() would make; `count` < 0: all.
[[nodiscard]] std::size_t replaced_size(const MarkedText& text, std::string_view from,
                                        std::size_t to_size, long count);
[[nodiscard]] MarkedText replace(const MarkedText& text, std::string_view from,
                                 const MarkedText& to, long count);

[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
/// First letter of all, or of each word, upper case; the rest lower case.
[[nodiscard]] MarkedText capitalized(const MarkedText& text);
[[nodiscard]] MarkedText titled(const MarkedText& text);

[[nodiscard]] std::size_t code_point_count(std::string_view text);

/// Where each code point starts, and the end of the text.
[[nodiscard]] std::vector<std::size_t> code_point_starts(std::string_view text);

}  // namespace ringmaster::jinja
