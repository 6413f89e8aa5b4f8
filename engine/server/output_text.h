#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/detokenizer.h"
#include "tokens/token.h"
#include "tokens/tokenizer.h"

namespace ringmaster::engine {

/// The text of an output that grows by tokens, and ends before the first stop string in it.
///
/// Text that may turn out to be the start of a stop string is held back until it cannot be one.
/// The earliest match counts; the stop string itself is not part of the text.
class OutputText {
 public:
  /// `tokenizer` outlives this. Requires: no empty stop string.
  OutputText(const Tokenizer& tokenizer, std::vector<std::string> stop);

  /// The text that is certain with this token. Requires: !is_stopped().
  [[nodiscard]] std::string push(TokenId token);

  /// What was held back, at the end of the output.
  [[nodiscard]] std::string finish();

  /// Code points of the text that is complete so far, what is held back included.
  [[nodiscard]] std::int32_t code_points() const { return code_points_; }

  /// A stop string was found; everything before it has been returned.
  [[nodiscard]] bool is_stopped() const { return is_stopped_; }

 private:
  [[nodiscard]] std::string release(std::string_view text);
  [[nodiscard]] std::size_t held_back() const;

  Detokenizer detokenizer_;
  std::vector<std::string> stop_;
  std::string held_;  // Not returned yet.
  std::int32_t code_points_ = 0;
  bool is_stopped_ = false;
};

}  // namespace ringmaster::engine
