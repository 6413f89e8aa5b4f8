#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ringmaster::engine {

/// Which family's pre-tokenizer, special tokens and chat template a tiny tokenizer has.
enum class TokenizerStyle { kLlama3, kQwen };

/// A byte-level BPE vocabulary: tokens 0..255 are the bytes, then one token for each merge, then
/// the special tokens.
struct TinyTokenizer {
  TokenizerStyle style = TokenizerStyle::kLlama3;
  std::vector<std::string> tokens;  ///< Bytes of each, special ones excluded.
  std::vector<std::pair<std::int32_t, std::int32_t>> merges;  ///< In order of rank.
  std::vector<std::string> special_tokens;

  [[nodiscard]] std::int32_t vocabulary_size() const {
    return static_cast<std::int32_t>(tokens.size() + special_tokens.size());
  }
  [[nodiscard]] std::int32_t special_id(std::string_view text) const;
};

/// Special tokens of every tiny tokenizer, reserved ones included.
inline constexpr std::int32_t kTinySpecialTokens = 16;

/// Trains on tiny_corpus() by the rule of Sennrich, Haddow and Birch, "Neural machine translation
/// of rare words with subword units", 2016: join the most frequent pair; among equals the pair of
/// the lowest tokens. Stops early if no pair is left, so the vocabulary may be smaller than asked
/// for. Requires: vocabulary_size >= 256 + kTinySpecialTokens.
[[nodiscard]] TinyTokenizer train_tiny_tokenizer(TokenizerStyle style,
                                                 std::int32_t vocabulary_size);

/// The texts of tokenizer.json and tokenizer_config.json (with its chat template).
[[nodiscard]] std::string tokenizer_json(const TinyTokenizer& tokenizer);
[[nodiscard]] std::string tokenizer_config_json(const TinyTokenizer& tokenizer,
                                                std::int32_t context_tokens_max);

}  // namespace ringmaster::engine
