#pragma once

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/result.h"

namespace ringmaster::engine {

namespace asio = boost::asio;

/// A bounded queue of events for one coroutine. Everything happens on the thread of its executor.
///
/// A reader that falls behind by more than the limit loses the rest: next() then fails, and
/// push() says so, so that whoever produces can stop.
template <class Event>
class EventQueue {
 public:
  EventQueue(asio::any_io_executor executor, std::size_t events_max)
      : timer_(std::move(executor)), events_max_(events_max) {}

  /// False if the queue is full, now or before: the event is dropped.
  bool push(Event event) {
    if (is_overrun_ || events_.size() >= events_max_) is_overrun_ = true;
    if (!is_overrun_) events_.push_back(std::move(event));
    timer_.cancel();
    return !is_overrun_;
  }

  /// Everything that is there, or else the next event as soon as it comes.
  /// Fails with kCancelled, kOverloaded (this reader was too slow), or kDeadlineExceeded.
  [[nodiscard]] asio::awaitable<Result<std::vector<Event>>> next(
      std::chrono::milliseconds timeout = std::chrono::hours(24 * 365)) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) {
        co_return fail(ErrorCode::kCancelled, ErrorOrigin::kClient, "the client has gone away");
      }
      if (is_overrun_) {
        co_return fail(ErrorCode::kOverloaded, ErrorOrigin::kClient, "the client reads too slowly");
      }
      if (!events_.empty()) co_return std::exchange(events_, {});
      timer_.expires_at(deadline);
      const auto [error] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
      if (!error) {
        co_return fail(ErrorCode::kDeadlineExceeded, ErrorOrigin::kInstance, "no event in time");
      }
    }
  }

 private:
  asio::steady_timer timer_;
  std::vector<Event> events_;
  std::size_t events_max_;
  bool is_overrun_ = false;
};

}  // namespace ringmaster::engine
