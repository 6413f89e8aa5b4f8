#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>

namespace ringmaster {

/// A strand without a home thread: runs one function at a time, in order, on the thread that
/// brings it if nothing else runs, else on the thread that is at it.
///
/// What is dispatched by a session is thus decided on the session's own thread, without waking
/// another one (some ten microseconds, and the request's bytes out of the cache). What is posted
/// goes through the loop of `home` first. Copies are the same strand. The lock is held for the
/// queue only, never while a function runs.
class CombiningExecutor {
 public:
  /// `home`: where posted functions and timers go first.
  [[nodiscard]] static CombiningExecutor over(boost::asio::any_io_executor home) {
    return CombiningExecutor(std::make_shared<Strand>(std::move(home)));
  }

  template <class Function>
  void execute(Function&& function) const {
    if (!is_posting_) return run(std::forward<Function>(function));
    boost::asio::post(strand_->home, [strand = require(boost::asio::execution::blocking.possibly),
                                      posted = std::forward<Function>(function)]() mutable {
      strand.run(std::move(posted));
    });
  }

  // What Asio asks of an executor.
  [[nodiscard]] boost::asio::execution_context& query(
      boost::asio::execution::context_t property) const {
    return boost::asio::query(strand_->home, property);
  }
  [[nodiscard]] CombiningExecutor require(
      boost::asio::execution::blocking_t::possibly_t /*property*/) const {
    auto dispatching = *this;
    dispatching.is_posting_ = false;
    return dispatching;
  }
  [[nodiscard]] CombiningExecutor require(
      boost::asio::execution::blocking_t::never_t /*property*/) const {
    auto posting = *this;
    posting.is_posting_ = true;
    return posting;
  }
  friend bool operator==(const CombiningExecutor& a, const CombiningExecutor& b) noexcept {
    return a.strand_ == b.strand_ && a.is_posting_ == b.is_posting_;
  }
  friend bool operator!=(const CombiningExecutor& a, const CombiningExecutor& b) noexcept {
    return !(a == b);
  }

 private:
  struct Waiting {
    virtual ~Waiting() = default;
    virtual void run() = 0;
  };
  template <class Function>
  struct WaitingFunction final : Waiting {
    explicit WaitingFunction(Function&& f) : function(std::move(f)) {}
    void run() override { std::move(function)(); }
    Function function;
  };
  struct Strand {
    explicit Strand(boost::asio::any_io_executor h) : home(std::move(h)) {}

    boost::asio::any_io_executor home;
    std::mutex mutex;
    bool is_running = false;
    std::deque<std::unique_ptr<Waiting>> waiting;
  };

  explicit CombiningExecutor(std::shared_ptr<Strand> strand) : strand_(std::move(strand)) {}

  template <class Function>
  void run(Function function) const {
    {
      const std::lock_guard lock(strand_->mutex);
      if (strand_->is_running) {
        strand_->waiting.push_back(
            std::make_unique<WaitingFunction<Function>>(std::move(function)));
        return;
      }
      strand_->is_running = true;
    }
    std::move(function)();
    run_waiting();
  }

  void run_waiting() const {
    const auto strand = strand_;
    while (true) {
      std::unique_ptr<Waiting> next;
      {
        const std::lock_guard lock(strand->mutex);
        if (strand->waiting.empty()) {
          strand->is_running = false;
          return;
        }
        next = std::move(strand->waiting.front());
        strand->waiting.pop_front();
      }
      next->run();
    }
  }

  std::shared_ptr<Strand> strand_;
  bool is_posting_ = false;
};

}  // namespace ringmaster
