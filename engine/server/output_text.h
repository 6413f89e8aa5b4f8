#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/server/stop_scanner.h"
#include "tokens/detokenizer.h"
#include "tokens/token.h"
#include "tokens/tokenizer.h"

namespace ringmaster::engine {

/// The text of an output that grows by tokens, and ends where the first stop string in it begins:
/// see StopScanner.
///
/// Text that may turn out to be the start of a stop string is held back until it cannot be one:
/// fewer bytes than the longest has.
class OutputText {
 public:
  /// `tokenizer` outlives this. Requires: no empty stop string.
  OutputText(const Tokenizer& tokenizer, const std::vector<std::string>& stop);

  /// The text that is certain with this token. Requires: !is_stopped().
  [[nodiscard]] std::string push(TokenId token);

  /// What was held back, at the end of the output, and comes before a stop string in it.
  [[nodiscard]] std::string finish();

  /// Code points of the text that is complete so far, what is held back included.
  [[nodiscard]] std::int32_t code_points() const { return code_points_; }

  /// A stop string was found; everything before it has been returned.
  [[nodiscard]] bool is_stopped() const { return scanner_.is_decided(); }

 private:
  void take(std::string_view text);
  [[nodiscard]] std::string release();

  Detokenizer detokenizer_;
  StopScanner scanner_;
  std::string held_;            // Not returned yet.
  std::uint64_t returned_ = 0;  // Bytes.
  std::int32_t code_points_ = 0;
};

}  // namespace ringmaster::engine
