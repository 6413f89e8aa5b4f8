#include "cli/parallel_runs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace ringmaster {
namespace {

/// One line on a terminal that is written over; nothing when standard error is something else.
class Progress {
 public:
  Progress(std::string_view what, std::size_t count)
      : what_(what), count_(count), is_shown_(count > 1 && isatty(STDERR_FILENO) == 1) {
    show();
  }
  ~Progress() {
    if (is_shown_) std::fputs("\r\033[K", stderr);
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add_one() {
    const std::lock_guard lock(mutex_);
    ++done_;
    show();
  }

 private:
  void show() const {
    if (!is_shown_) return;
    std::fprintf(stderr, "\r\033[K%s %zu/%zu", what_.c_str(), done_, count_);
    if (done_ == 0 || done_ == count_) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    const double left_s =
        passed.count() / static_cast<double>(done_) * static_cast<double>(count_ - done_);
    std::fprintf(stderr, ", about %.0f s left", left_s);
  }

  const std::string what_;
  const std::size_t count_;
  const bool is_shown_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::size_t done_ = 0;
};

}  // namespace

void run_parallel(std::size_t count, std::size_t jobs, std::string_view what,
                  const std::function<void(std::size_t)>& run) {
  Progress progress(what, count);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      run(i);
      progress.add_one();
    }
  };
  if (jobs == 0) jobs = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(jobs, count); ++i) others.emplace_back(work);
  work();
}

}  // namespace ringmaster
