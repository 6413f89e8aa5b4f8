#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace ringmaster {

/// How long to wait before the next probe of an instance: the interval; a quarter of a second for
/// the first 240 probes of one that has never answered, which is probably just starting: a minute,
/// where connections are refused at once. Thousands that are gone for good must not be asked so
/// often for ever.
class ProbePace {
 public:
  explicit ProbePace(Duration interval) : interval_(interval) {}

  [[nodiscard]] Duration next(bool has_ever_answered) {
    if (has_ever_answered || quick_probes_left_ == 0) return interval_;
    --quick_probes_left_;
    return std::min(interval_, kQuickPause);
  }

 private:
  static constexpr Duration kQuickPause = std::chrono::milliseconds(250);

  Duration interval_;
  std::uint32_t quick_probes_left_ = 240;
};

}  // namespace ringmaster
