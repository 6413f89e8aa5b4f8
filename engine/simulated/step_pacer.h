#pragma once

#include "base/clock.h"

namespace ringmaster::engine {

/// When simulated steps begin and end in real time.
///
/// A step's time is that of the whole loop: what the host does between two steps, and how late the
/// operating system wakes it, is no part of it. So a step that begins within kFollowsWithin of the
/// end that the last one was due to follows it without a gap; after a longer pause, when the engine
/// had nothing to do, it begins when it begins. Lateness thereby does not add up from step to step.
class StepPacer {
 public:
  static constexpr Duration kFollowsWithin = std::chrono::milliseconds(10);

  /// `speed`: simulated seconds in a real one. Requires: speed > 0.
  explicit StepPacer(double speed) : speed_(speed) {}

  void begin(TimePoint now) { begun_ = now >= due_ && now - due_ <= kFollowsWithin ? due_ : now; }

  /// When the step that has begun ends, if it takes `duration` of simulated time.
  [[nodiscard]] TimePoint due(Duration duration) {
    due_ = begun_ + from_seconds(to_seconds(duration) / speed_);
    return due_;
  }

 private:
  double speed_;
  TimePoint begun_{};
  TimePoint due_{};
};

}  // namespace ringmaster::engine
