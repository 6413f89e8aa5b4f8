#include "http/channel.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/as_tuple.hpp>

#include "base/check.h"

namespace ringmaster::http {
namespace {

constexpr std::size_t kPartsMax = 4;

bool is_nothing_yet(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

template <class Handler>
struct Channel::WaiterFor final : Channel::Waiter {
  WaiterFor(Handler&& h, asio::cancellation_slot s) : handler(std::move(h)), slot(s) {}

  void resume() override {
    slot.clear();
    asio::dispatch(std::move(handler));
  }

  Handler handler;
  asio::cancellation_slot slot;
};

/// The completion of a wait for input. Dropped unused (the loop is being destroyed) it drops the
/// suspended coroutine, too: coroutine and channel would keep each other alive for ever.
struct Channel::InputEvent {
  explicit InputEvent(std::shared_ptr<Channel> c) : channel(std::move(c)) {}
  InputEvent(InputEvent&&) = default;
  InputEvent(const InputEvent&) = delete;
  InputEvent& operator=(InputEvent&&) = delete;
  InputEvent& operator=(const InputEvent&) = delete;
  ~InputEvent() {
    if (channel) const auto dropped = std::move(channel->waiter_);
  }

  void operator()(const boost::system::error_code& /*error*/) {
    // Errors and cancellation show themselves at the next use of the socket.
    const auto used = std::move(channel);
    used->on_input();
  }

  std::shared_ptr<Channel> channel;
};

Channel::Channel(Socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Channel::~Channel() = default;

template <class Handler>
void Channel::suspend(Handler handler) {
  const auto slot = asio::get_associated_cancellation_slot(handler);
  waiter_ = std::make_unique<WaiterFor<Handler>>(std::move(handler), slot);
  if (slot.is_connected()) {
    auto cancel = slot;
    cancel.assign([this](asio::cancellation_type /*type*/) { close(); });
  }
  await_input();
}

asio::awaitable<Channel::Outcome> Channel::wait_readable() {
  if (is_open() && !is_expired_ && !has_input_) {
    RINGMASTER_CHECK(!waiter_);
    auto initiate = [this](auto&& handler) { suspend(std::forward<decltype(handler)>(handler)); };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate,
                                                                         asio::use_awaitable);
  }
  has_input_ = false;
  co_return outcome();
}

Channel::Outcome Channel::outcome() {
  if (!is_open()) return Outcome::kLost;
  return std::exchange(is_expired_, false) ? Outcome::kExpired : Outcome::kReady;
}

void Channel::await_input() {
  if (is_waiting_for_input_ || !is_open()) return;
  is_waiting_for_input_ = true;
  socket_.async_wait(Socket::wait_read, InputEvent(shared_from_this()));
}

void Channel::on_input() {
  is_waiting_for_input_ = false;
  if (waiter_) {
    const auto waiter = std::move(waiter_);
    return waiter->resume();
  }
  has_input_ = true;
  if (const auto watcher = std::exchange(watcher_, nullptr)) watcher();
}

void Channel::watch(Watcher watcher) {
  watcher_ = std::move(watcher);
  has_input_ = false;
  await_input();
}

Channel::Received Channel::receive(char* data, std::size_t size) {
  while (is_open()) {
    const auto count = ::recv(socket_.native_handle(), data, size, 0);
    if (count > 0) return {.bytes = static_cast<std::size_t>(count)};
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && is_nothing_yet(errno)) return {};
    return {.is_end = true, .is_broken = count < 0};
  }
  return {.is_end = true, .is_broken = true};
}

std::size_t Channel::send_now(Parts parts, bool& is_lost) {
  RINGMASTER_CHECK(parts.size() <= kPartsMax);
  std::array<iovec, kPartsMax> vectors;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    vectors[i] = {.iov_base = const_cast<char*>(parts[i].data()), .iov_len = parts[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = parts.size();
  while (is_open()) {
    const auto count = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    is_lost = !is_nothing_yet(errno);
    return 0;
  }
  is_lost = true;
  return 0;
}

asio::awaitable<Channel::Outcome> Channel::send_rest(Parts parts, std::size_t skip,
                                                     Duration idle_timeout) {
  const auto self = shared_from_this();
  std::array<std::string_view, kPartsMax> left;
  std::copy(parts.begin(), parts.end(), left.begin());
  std::size_t first = 0;
  const auto advance = [&](std::size_t bytes) {
    while (first < parts.size() && bytes >= left[first].size()) bytes -= left[first++].size();
    if (first < parts.size()) left[first].remove_prefix(bytes);
  };
  advance(skip);
  auto result = Outcome::kReady;
  while (first < parts.size() && result == Outcome::kReady) {
    set_deadline(std::chrono::steady_clock::now() + idle_timeout);
    constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, kToken);
    result = error && !is_expired_ ? Outcome::kLost : outcome();
    if (result != Outcome::kReady) break;
    bool is_lost = false;
    advance(send_now(Parts(left).subspan(first, parts.size() - first), is_lost));
    if (is_lost) result = Outcome::kLost;
  }
  set_deadline(kNever);
  co_return result;
}

void Channel::set_deadline(TimePoint at) {
  deadline_ = at;
  is_expired_ = false;
  if (at < timer_armed_for_) arm_timer(at);
}

void Channel::arm_timer(TimePoint at) {
  if (!is_open()) return;
  timer_armed_for_ = at;
  timer_.expires_at(at);
  timer_.async_wait([self = shared_from_this(), at](const boost::system::error_code& error) {
    if (!error) self->on_timer(at);
  });
}

void Channel::on_timer(TimePoint armed_for) {
  if (armed_for != timer_armed_for_) return;  // Armed anew since.
  timer_armed_for_ = kNever;
  if (deadline_ == kNever || !is_open()) return;
  if (std::chrono::steady_clock::now() < deadline_) return arm_timer(deadline_);
  deadline_ = kNever;
  is_expired_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Channel::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  timer_armed_for_ = kNever;
}

void Channel::shutdown_send() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

}  // namespace ringmaster::http
