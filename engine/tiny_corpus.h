#pragma once

#include <string_view>

namespace ringmaster::engine {

/// The text that the tokenizers of tiny models are trained on: some pages of plain English with a
/// little code, JSON and other scripts. UTF-8.
[[nodiscard]] std::string_view tiny_corpus();

}  // namespace ringmaster::engine
