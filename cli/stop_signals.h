#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace ringmaster {

/// SIGINT and SIGTERM as something to wait for, and the end of a child process.
///
/// Make it on the main thread before any other thread: the signals are blocked for all of them.
class StopSignals {
 public:
  enum class Seen { kStop, kChildEnded };

  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Waits for the next one.
  [[nodiscard]] Seen wait();

  /// Calls `act` on a thread of its own when the next SIGINT or SIGTERM comes; once. It is not
  /// called after the destructor. Requires: wait() is not called any more.
  void on_next(std::function<void()> act);

 private:
  sigset_t set_{};
  std::thread waiter_;
};

}  // namespace ringmaster
