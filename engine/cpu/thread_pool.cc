#include "engine/cpu/thread_pool.h"

#include "base/check.h"

namespace ringmaster::engine {
namespace {

// Around 20 us: longer than the serial stretches between two parallel pieces of a step.
constexpr int kSpins = 2'000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

ThreadPool::ThreadPool(std::int32_t threads) {
  RINGMASTER_CHECK(threads >= 1);
  for (std::int32_t i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  round_.fetch_add(1);
  round_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void ThreadPool::run(std::int32_t parts, const std::function<void(std::int32_t)>& work) {
  if (parts <= 1 || helpers_.empty()) {
    for (std::int32_t part = 0; part < parts; ++part) work(part);
    return;
  }
  work_ = &work;
  unfinished_.store(parts, std::memory_order_relaxed);
  const std::uint32_t round = round_.load(std::memory_order_relaxed) + 1;
  open_.store((std::uint64_t{round} << 32U) | static_cast<std::uint32_t>(parts),
              std::memory_order_release);
  round_.store(round, std::memory_order_release);
  round_.notify_all();
  while (take_part(round)) {
  }
  while (unfinished_.load(std::memory_order_acquire) > 0) relax();
}

bool ThreadPool::take_part(std::uint32_t round) {
  std::uint64_t open = open_.load(std::memory_order_acquire);
  do {
    if (static_cast<std::uint32_t>(open >> 32U) != round || static_cast<std::uint32_t>(open) == 0)
      return false;
  } while (!open_.compare_exchange_weak(open, open - 1, std::memory_order_acq_rel));
  (*work_)(static_cast<std::int32_t>(static_cast<std::uint32_t>(open)) - 1);
  unfinished_.fetch_sub(1, std::memory_order_acq_rel);
  return true;
}

void ThreadPool::help() {
  std::uint32_t seen = 0;
  while (true) {
    std::uint32_t round = round_.load(std::memory_order_acquire);
    for (int spin = 0; spin < kSpins && round == seen; ++spin) {
      relax();
      round = round_.load(std::memory_order_acquire);
    }
    if (round == seen) {
      round_.wait(seen, std::memory_order_acquire);
      continue;
    }
    if (stopping_.load()) return;
    seen = round;
    while (take_part(round)) {
    }
  }
}

}  // namespace ringmaster::engine
