#pragma once

#include <chrono>
#include <thread>

#include "engine/simulated/sim_executor.h"
#include "engine/simulated/step_pacer.h"

namespace ringmaster::engine {

/// Lets simulated steps take real time, or a fraction of it.
class RealTimeWaiter final : public StepWaiter {
 public:
  /// `speed`: simulated seconds in a real one. Requires: speed > 0.
  explicit RealTimeWaiter(double speed) : pacer_(speed) {}

  void begin() override { pacer_.begin(std::chrono::steady_clock::now()); }
  void wait(Duration duration) override { std::this_thread::sleep_until(pacer_.due(duration)); }

 private:
  StepPacer pacer_;
};

}  // namespace ringmaster::engine
