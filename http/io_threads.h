#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

namespace ringmaster::http {

/// One io_context per thread; a connection stays on the one it was given.
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

  /// Ends every loop; what is still running is dropped. Idempotent.
  void stop();

 private:
  struct Thread;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace ringmaster::http
