#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringmaster {

/// A Unicode normalisation form.
enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

/// The form that a tokenizer.json calls "NFC", "NFD", "NFKC" or "NFKD".
[[nodiscard]] std::optional<UnicodeForm> unicode_form(std::string_view name);

/// Normalises the text; text that is in the form already, as nearly all is, costs one pass.
/// Requires: valid UTF-8.
[[nodiscard]] std::string normalized(std::string_view text, UnicodeForm form);

/// Requires: valid UTF-8.
[[nodiscard]] bool is_normalized(std::string_view text, UnicodeForm form);

}  // namespace ringmaster
