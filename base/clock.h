#pragma once

#include <chrono>
#include <cstdint>

namespace ringmaster {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// The only source of time of the deterministic core.
///
/// The live services pass http::SteadyClock, the simulator its event loop, tests a fake.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Never goes backwards. Not comparable across processes.
  [[nodiscard]] virtual TimePoint now() const = 0;
};

/// Seconds as a floating-point number, for formulas and output.
[[nodiscard]] constexpr double to_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// The nearest nanosecond. Requires: |seconds| < 9e9.
[[nodiscard]] constexpr Duration from_seconds(double seconds) {
  const double nanoseconds = seconds * 1e9;
  return Duration(static_cast<std::int64_t>(nanoseconds + (nanoseconds < 0 ? -0.5 : 0.5)));
}

}  // namespace ringmaster
