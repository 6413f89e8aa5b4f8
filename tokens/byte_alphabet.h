#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringmaster {

/// The alphabet in which byte-level vocabularies spell bytes: printable Latin-1 stands for itself,
/// the other 68 bytes for U+0100 and the code points after it, in order. (GPT-2's; U+0120 "Ġ" is
/// the space.)
[[nodiscard]] char32_t letter_of_byte(unsigned char byte);

/// The bytes that a token spells; nothing if it has a letter that is not in the alphabet.
[[nodiscard]] std::optional<std::string> bytes_of_letters(std::string_view token);

}  // namespace ringmaster
