#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace ringmaster {

/// A part of a policy's score of one candidate.
struct ScoreTerm {
  std::string_view name;  ///< Static.
  double value = 0.0;     ///< As it enters the formula: weights are in it.
};

/// How a policy came to its score of one candidate, for explanations: the formula and its parts.
/// At most kTermsMax parts; further ones are left out.
class ScoreTerms {
 public:
  static constexpr std::size_t kTermsMax = 12;

  /// `formula` names the parts; static.
  void say(std::string_view formula) { formula_ = formula; }

  void add(std::string_view name, double value) {
    if (count_ < kTermsMax) terms_[count_++] = {name, value};
  }

  /// Empty where the policy has no score.
  [[nodiscard]] std::string_view formula() const { return formula_; }
  [[nodiscard]] std::span<const ScoreTerm> terms() const { return std::span(terms_).first(count_); }

 private:
  std::string_view formula_;
  std::array<ScoreTerm, kTermsMax> terms_{};
  std::size_t count_ = 0;
};

}  // namespace ringmaster
