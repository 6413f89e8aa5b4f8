// fuzz: tokens
// Any bytes must give a tokenizer that encodes and decodes, or an error that says why.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokens/tokenizer.h"
#include "tokens/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = ringmaster::Tokenizer::from_json(text, "fuzz.json");
  if (!tokenizer) {
    if (tokenizer.error().message.empty()) __builtin_trap();
    return 0;
  }
  const std::string_view sample = text.substr(0, 4096);
  for (const bool parse_special : {false, true}) {
    const auto tokens =
        (*tokenizer)
            ->encode(sample, {.add_special_tokens = parse_special, .parse_special = parse_special});
    for (const auto token : tokens) {
      if (token < 0 || token >= (*tokenizer)->vocabulary_size()) __builtin_trap();
    }
    if (!ringmaster::is_valid_utf8((*tokenizer)->decode(tokens, false))) __builtin_trap();
  }
  return 0;
}
