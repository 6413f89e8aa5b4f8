#include "http/io_threads.h"

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/check.h"

namespace ringmaster::http {
namespace asio = boost::asio;
namespace {

struct Place {
  const void* owner = nullptr;
  std::size_t index = 0;
};
thread_local Place current_place;

/// An io_context that can drop what waits in it while it still exists.
class Loop : public asio::io_context {
 public:
  Loop() : asio::io_context(1) {}
  void drop_pending() { shutdown(); }
};

}  // namespace

struct IoThreads::Thread {
  Loop loop;
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
  std::thread thread;
};

IoThreads::IoThreads(std::size_t count) {
  RINGMASTER_CHECK(count > 0);
  for (std::size_t i = 0; i < count; ++i) threads_.push_back(std::make_unique<Thread>());
  for (std::size_t i = 0; i < count; ++i) {
    auto& thread = *threads_[i];
    thread.thread = std::thread([this, i, &thread] {
      current_place = {.owner = this, .index = i};
      thread.loop.run();
    });
  }
}

IoThreads::~IoThreads() {
  stop();
}

std::size_t IoThreads::size() const {
  return threads_.size();
}

asio::any_io_executor IoThreads::executor(std::size_t index) const {
  RINGMASTER_CHECK(index < threads_.size());
  return threads_[index]->loop.get_executor();
}

std::size_t IoThreads::current() const {
  return current_place.owner == this ? current_place.index : threads_.size();
}

bool IoThreads::is_stopped() const {
  return is_stopped_;
}

void IoThreads::stop() {
  if (is_stopped_) return;
  RINGMASTER_CHECK(current() == size());
  for (auto& thread : threads_) thread->loop.stop();
  for (auto& thread : threads_) thread->thread.join();
  is_stopped_ = true;
  // Coroutines that wait are destroyed here, while what they refer to still exists.
  for (auto& thread : threads_) thread->loop.drop_pending();
}

}  // namespace ringmaster::http
