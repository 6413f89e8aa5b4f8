#pragma once

#include "base/clock.h"

namespace ringmaster {

/// How many times as long as their uncached tokens say prefills take: what decodes beside them,
/// waits for KV memory and the way there, in one factor for a fleet. A sum of about the last
/// hundred prefills, the longer ones counting more.
class PrefillPace {
 public:
  static constexpr double kFactorMin = 0.5;
  static constexpr double kFactorMax = 5.0;

  /// A prefill took this long, from its dispatch to its first token. `estimated_seconds`: of all
  /// that was at the instance and itself, in (0, 86,400]; longer ones count as that.
  void note(Duration taken, double estimated_seconds);

  /// In [kFactorMin, kFactorMax]; 1 at first, and drawn to it by ten seconds' worth of prefills.
  [[nodiscard]] double factor() const { return factor_; }

 private:
  static constexpr double kPriorSeconds = 10.0;

  double taken_seconds_ = kPriorSeconds;
  double estimated_seconds_ = kPriorSeconds;
  double factor_ = 1.0;
};

}  // namespace ringmaster
