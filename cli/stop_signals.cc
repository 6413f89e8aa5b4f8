#include "cli/stop_signals.h"

#include <utility>

#include <pthread.h>

namespace ringmaster {

StopSignals::StopSignals() {
  sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGUSR1}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

StopSignals::~StopSignals() {
  if (!waiter_.joinable()) return;
  pthread_kill(waiter_.native_handle(), SIGUSR1);  // ends the waiter, if it still waits
  waiter_.join();
}

StopSignals::Seen StopSignals::wait() {
  while (true) {
    int signal = 0;
    if (sigwait(&set_, &signal) != 0) continue;
    if (signal == SIGCHLD) return Seen::kChildEnded;
    if (signal != SIGUSR1) return Seen::kStop;
  }
}

void StopSignals::on_next(std::function<void()> act) {
  waiter_ = std::thread([set = set_, act = std::move(act)] {
    int signal = SIGCHLD;
    while (signal == SIGCHLD) sigwait(&set, &signal);
    if (signal != SIGUSR1) act();
  });
}

}  // namespace ringmaster
