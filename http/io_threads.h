#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

namespace ringmaster::http {

/// One io_context per thread; a connection stays on the one it was given.
///
/// Order of destruction: servers first (they wait for their handlers), then what the handlers use
/// and clients, the threads last. Declared in the opposite order, members do this by themselves.
class IoThreads {
 public:
  /// Starts `count` threads. Requires: count > 0.
  explicit IoThreads(std::size_t count);
  /// Stops and joins.
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] boost::asio::any_io_executor executor(std::size_t index) const;

  /// The index of the calling thread, or size() if it is none of these.
  [[nodiscard]] std::size_t current() const;

  /// Ends every loop and joins; coroutines that still wait are destroyed before it returns, so
  /// whatever they refer to must exist until then. Idempotent. Requires: none of these threads
  /// calls it.
  void stop();

  /// True after stop(): nothing posted to these threads will run.
  [[nodiscard]] bool is_stopped() const;

 private:
  struct Thread;
  std::vector<std::unique_ptr<Thread>> threads_;
  bool is_stopped_ = false;
};

}  // namespace ringmaster::http
