#pragma once

#include <condition_variable>
#include <mutex>

#include "engine/simulated/sim_executor.h"

namespace ringmaster::engine {

/// Lets a test hold a simulated device in the middle of a step. Open at first.
class StepGate final : public StepWaiter {
 public:
  ~StepGate() override { open(); }

  void begin() override {}
  void wait(Duration /*duration*/) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_open_ || permits_ > 0; });
    if (!is_open_) --permits_;
  }

  void open() { set(true); }
  void close() { set(false); }

  /// Lets `steps` through a closed gate.
  void permit(int steps) {
    const std::lock_guard lock(mutex_);
    permits_ += steps;
    changed_.notify_all();
  }

 private:
  void set(bool is_open) {
    const std::lock_guard lock(mutex_);
    is_open_ = is_open;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  int permits_ = 0;
};

}  // namespace ringmaster::engine
