#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace ringmaster::http {

/// How slowly a body may come: no pause longer than `pause_max`, and after the first such span at
/// least `bytes_per_second_min` on average (0: any). Without the second, one byte at a time would
/// hold a connection and its buffer for as long as a client likes.
class BodyPace {
 public:
  BodyPace(std::chrono::milliseconds pause_max, std::uint64_t bytes_per_second_min, TimePoint start)
      : pause_max_(pause_max), bytes_per_second_min_(bytes_per_second_min), start_(start) {}

  /// When the next byte is late, `received` bytes having come by now.
  [[nodiscard]] TimePoint deadline(TimePoint now, std::size_t received) const {
    const TimePoint pause_ends = now + pause_max_;
    if (bytes_per_second_min_ == 0) return pause_ends;
    const double seconds =
        static_cast<double>(received) / static_cast<double>(bytes_per_second_min_);
    return std::min(pause_ends, start_ + pause_max_ + from_seconds(seconds));
  }

 private:
  std::chrono::milliseconds pause_max_;
  std::uint64_t bytes_per_second_min_;
  TimePoint start_;
};

}  // namespace ringmaster::http
