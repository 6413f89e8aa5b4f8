#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "base/check.h"
#include "http/io_threads.h"

namespace ringmaster {

/// An immutable value that every I/O thread has its own pointer to: reading takes no lock and no
/// atomic, publishing posts the new pointer to each thread.
template <class T>
class PerThread {
 public:
  /// `threads` outlives this; this outlives what runs on them.
  PerThread(http::IoThreads& threads, std::shared_ptr<const T> initial)
      : threads_(&threads), slots_(threads.size(), Slot{std::move(initial)}) {}

  /// Any thread. Each I/O thread sees the values in the order of publishing, if one thread
  /// publishes.
  void publish(const std::shared_ptr<const T>& value) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      boost::asio::post(threads_->executor(i), [slot = &slots_[i], value] { slot->value = value; });
    }
  }

  /// I/O threads only. Copy the pointer to keep it across a co_await.
  [[nodiscard]] const std::shared_ptr<const T>& local() const {
    const auto index = threads_->current();
    RINGMASTER_CHECK(index < slots_.size());
    return slots_[index].value;
  }

 private:
  struct alignas(64) Slot {
    std::shared_ptr<const T> value;
  };

  http::IoThreads* threads_;
  std::vector<Slot> slots_;
};

}  // namespace ringmaster
