#pragma once

#include <functional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ringmaster {

/// Runs `work` on `there` and comes back with its result. `work` is no coroutine, does not throw
/// and is soon over: nothing cancels it. What it refers to outlives the call.
template <class Answer>
[[nodiscard]] boost::asio::awaitable<Answer> run_on(boost::asio::any_io_executor there,
                                                    std::function<Answer()> work) {
  namespace asio = boost::asio;
  auto initiate = [there](auto session, std::function<Answer()> asked) {
    auto home = asio::get_associated_executor(session);
    asio::dispatch(there, [home, session = std::move(session), asked = std::move(asked)]() mutable {
      auto reply = [session = std::move(session), answer = asked()]() mutable {
        session(std::move(answer));
      };
      asio::post(home, std::move(reply));
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Answer)>(
      std::move(initiate), asio::use_awaitable, std::move(work));
}

}  // namespace ringmaster
