#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace ringmaster::engine {

/// A fixed team that splits one piece of work after the other; the caller takes part in it.
///
/// Helpers spin for some microseconds after a piece, since the next one mostly follows at once, and
/// then sleep. Which thread does which part is left open: parts must not depend on each other.
/// One caller at a time.
class ThreadPool {
 public:
  /// `threads` counts the caller. Requires: threads >= 1.
  explicit ThreadPool(std::int32_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] std::int32_t threads() const {
    return static_cast<std::int32_t>(helpers_.size()) + 1;
  }

  /// Calls work(part) once for each part in [0, parts), on any thread, and returns when all are
  /// done. `work` must not throw.
  void run(std::int32_t parts, const std::function<void(std::int32_t)>& work);

 private:
  void help();
  bool take_part(std::uint32_t round);

  // The round (high half) and how many of its parts nobody has taken yet. One word, so that a
  // helper late from an earlier round can never take a part of this one.
  std::atomic<std::uint64_t> open_{0};
  std::atomic<std::int32_t> unfinished_{0};
  std::atomic<std::uint32_t> round_{0};  // What sleeping helpers wait on.
  std::atomic<bool> stopping_{false};
  // Read only by a thread that has taken a part, whose round cannot end before that part does.
  const std::function<void(std::int32_t)>* work_ = nullptr;
  std::vector<std::thread> helpers_;
};

}  // namespace ringmaster::engine
