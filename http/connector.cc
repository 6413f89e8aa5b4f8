#include "http/connector.h"

#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace ringmaster::http {
namespace {

using asio::ip::tcp;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

/// What the deadline's timer acts on; shared with it.
struct Attempt {
  explicit Attempt(Channel::Executor executor)
      : socket(executor), resolver(executor), timer(executor) {}

  Channel::Socket socket;
  asio::ip::basic_resolver<tcp, Channel::Executor> resolver;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Channel::Executor>
      timer;
  bool is_expired = false;
};

void expire_at(const std::shared_ptr<Attempt>& attempt, TimePoint deadline) {
  attempt->timer.expires_at(deadline);
  attempt->timer.async_wait([attempt](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    attempt->is_expired = true;
    boost::system::error_code ignored;
    attempt->resolver.cancel();
    attempt->socket.close(ignored);
  });
}

asio::awaitable<boost::system::error_code> find_addresses(Attempt& attempt,
                                                          const Endpoint& endpoint,
                                                          std::vector<tcp::endpoint>& addresses) {
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(endpoint.host, error);
  if (!error) {
    addresses.emplace_back(literal, endpoint.port);
    co_return error;
  }
  const auto [lookup_error, found] =
      co_await attempt.resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), kToken);
  for (const auto& entry : found) addresses.push_back(entry.endpoint());
  co_return lookup_error;
}

asio::awaitable<boost::system::error_code> connect_to_one(
    Attempt& attempt, const std::vector<tcp::endpoint>& addresses) {
  boost::system::error_code last = asio::error::host_not_found;
  for (const auto& address : addresses) {
    boost::system::error_code ignored;
    attempt.socket.close(ignored);
    attempt.socket.open(address.protocol(), last);
    if (last) continue;
    const auto [error] = co_await attempt.socket.async_connect(address, kToken);
    last = error;
    if (!last || last == asio::error::operation_aborted || attempt.is_expired) break;
  }
  co_return last;
}

/// Of this machine or process, and no sign of anything at the other end.
bool is_our_own(const boost::system::error_code& error) {
  return error == boost::system::errc::too_many_files_open ||
         error == boost::system::errc::too_many_files_open_in_system ||
         error == boost::system::errc::no_buffer_space ||
         error == boost::system::errc::not_enough_memory ||
         error == boost::system::errc::address_not_available;  // No port left.
}

}  // namespace

asio::awaitable<Result<std::shared_ptr<Channel>>> connect(Channel::Executor executor,
                                                          const Endpoint& endpoint,
                                                          TimePoint deadline) {
  const auto attempt = std::make_shared<Attempt>(executor);
  if (deadline != Channel::kNever) expire_at(attempt, deadline);
  std::vector<tcp::endpoint> addresses;
  auto error = co_await find_addresses(*attempt, endpoint, addresses);
  if (!error && !attempt->is_expired) error = co_await connect_to_one(*attempt, addresses);
  attempt->timer.cancel();
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    co_return fail(ErrorCode::kCancelled, ErrorOrigin::kClient, "cancelled while connecting");
  }
  if (attempt->is_expired) {
    co_return fail(ErrorCode::kDeadlineExceeded, ErrorOrigin::kInstance,
                   "no connection to " + endpoint.authority() + " in time", true);
  }
  if (error) {
    const auto origin = is_our_own(error) ? ErrorOrigin::kRouter : ErrorOrigin::kInstance;
    co_return fail(ErrorCode::kUnavailable, origin,
                   "cannot connect to " + endpoint.authority() + ": " + error.message(), true);
  }
  co_return std::make_shared<Channel>(std::move(attempt->socket));
}

}  // namespace ringmaster::http
