#pragma once

#include <chrono>
#include <thread>

#include "engine/simulated/sim_executor.h"

namespace ringmaster::engine {

/// Lets simulated steps take real time, or a fraction of it.
class RealTimeWaiter final : public StepWaiter {
 public:
  /// `speed`: simulated seconds in a real one. Requires: speed > 0.
  explicit RealTimeWaiter(double speed) : speed_(speed) {}

  void begin() override { begun_ = std::chrono::steady_clock::now(); }
  void wait(Duration duration) override {
    std::this_thread::sleep_until(begun_ + from_seconds(to_seconds(duration) / speed_));
  }

 private:
  double speed_;
  TimePoint begun_;
};

}  // namespace ringmaster::engine
