#include "http/server.h"

#include <future>
#include <unordered_set>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/check.h"
#include "http/listen_address.h"
#include "http/server_session.h"

namespace ringmaster::http {
namespace {

using asio::ip::tcp;

/// Out of descriptors or memory: wait a little instead of spinning.
constexpr std::chrono::milliseconds kAcceptPause{50};

/// How often that is said while it lasts.
constexpr std::chrono::seconds kAcceptComplaintPause{10};

/// Connections above the limit that are being told so; further ones are closed without a word.
constexpr std::size_t kTurnedAwayMax = 64;

std::string text_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const auto host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(endpoint.port());
}

asio::awaitable<void> serve(std::shared_ptr<ServerSession> session, bool is_turned_away) {
  if (is_turned_away) {
    co_await session->turn_away();
  } else {
    co_await session->run();
  }
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(IoThreads& threads, Handler& handler, LogSink& log, ServerOptions options)
      : threads_(threads),
        shared_{.handler = handler, .log = log, .options = std::move(options)},
        sessions_(threads.size()),
        acceptor_(loop_executor(0)),
        pause_(loop_executor(0)) {}

  [[nodiscard]] Status bind(const std::string& address);
  void start();
  void drain();
  void close_all();
  void stop_and_wait();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t connection_count() const { return connection_count_; }

 private:
  using Acceptor = asio::basic_socket_acceptor<tcp, Channel::Executor>;
  using Session = std::shared_ptr<ServerSession>;

  [[nodiscard]] Channel::Executor loop_executor(std::size_t index) const {
    return *threads_.executor(index).target<Channel::Executor>();
  }

  void accept_next();
  void on_accepted(const boost::system::error_code& error, Channel::Socket socket);
  void start_session(std::size_t thread, Channel::Socket socket);
  void run_session(std::size_t thread, const Session& session, bool is_turned_away);
  void end_session(std::size_t thread, const Session& session, const std::exception_ptr& error);
  void close_acceptor();
  /// Calls `action` with each session, on its own thread.
  void for_each_session(void (ServerSession::*action)());

  IoThreads& threads_;
  ServerShared shared_;
  std::vector<std::unordered_set<Session>> sessions_;  ///< By thread, and used only there.
  Acceptor acceptor_;                                  ///< On thread 0, like what follows.
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Channel::Executor>
      pause_;
  std::chrono::steady_clock::time_point next_complaint_;
  std::size_t next_thread_ = 0;
  std::uint16_t port_ = 0;
  bool is_listening_ = false;
  std::atomic<std::size_t> connection_count_{0};
};

Status Server::Impl::bind(const std::string& address) {
  RINGMASTER_CHECK(!is_listening_);
  const auto problem = [&](std::string_view what) {
    return fail(ErrorCode::kUnavailable, ErrorOrigin::kRouter,
                "cannot listen on " + address + ": " + std::string(what));
  };
  const auto endpoint = parse_listen_address(address);
  if (!endpoint) return problem(endpoint.error().message);
  boost::system::error_code error;
  Acceptor acceptor(loop_executor(0));
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return problem(error.message());
  port_ = acceptor.local_endpoint(error).port();
  is_listening_ = true;
  acceptor_ = std::move(acceptor);
  return {};
}

void Server::Impl::start() {
  RINGMASTER_CHECK(is_listening_);
  asio::post(loop_executor(0), [self = shared_from_this()] { self->accept_next(); });
}

void Server::Impl::accept_next() {
  if (!acceptor_.is_open()) return;
  next_thread_ = (next_thread_ + 1) % threads_.size();
  acceptor_.async_accept(
      loop_executor(next_thread_),
      [self = shared_from_this()](const boost::system::error_code& error, Channel::Socket socket) {
        self->on_accepted(error, std::move(socket));
      });
}

void Server::Impl::on_accepted(const boost::system::error_code& error, Channel::Socket socket) {
  if (!acceptor_.is_open()) return;
  if (!error) {
    start_session(next_thread_, std::move(socket));
    return accept_next();
  }
  if (const auto now = std::chrono::steady_clock::now(); now >= next_complaint_) {
    shared_.log.write(LogLevel::kWarn, "accept failed: " + error.message());
    next_complaint_ = now + kAcceptComplaintPause;
  }
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled) self->accept_next();
  });
}

void Server::Impl::start_session(std::size_t thread, Channel::Socket socket) {
  const auto count = ++connection_count_;
  const bool is_turned_away = count > shared_.options.connections_max;
  if (count > shared_.options.connections_max + kTurnedAwayMax) {
    --connection_count_;
    return;
  }
  boost::system::error_code error;
  auto peer = text_of(socket.remote_endpoint(error));
  asio::post(loop_executor(thread), [self = shared_from_this(), thread, is_turned_away,
                                     socket = std::move(socket), peer = std::move(peer)]() mutable {
    const auto session =
        std::make_shared<ServerSession>(std::move(socket), std::move(peer), self->shared_);
    self->run_session(thread, session, is_turned_away);
  });
}

void Server::Impl::run_session(std::size_t thread, const Session& session, bool is_turned_away) {
  sessions_[thread].insert(session);
  asio::co_spawn(session->executor(), serve(session, is_turned_away),
                 asio::bind_cancellation_slot(
                     session->cancel_signal().slot(),
                     [self = shared_from_this(), thread, session](const std::exception_ptr& error) {
                       self->end_session(thread, session, error);
                     }));
}

void Server::Impl::end_session(std::size_t thread, const Session& session,
                               const std::exception_ptr& error) {
  if (error) shared_.log.write(LogLevel::kError, "http session ended by an exception");
  sessions_[thread].erase(session);
  --connection_count_;
  connection_count_.notify_all();
}

void Server::Impl::for_each_session(void (ServerSession::*action)()) {
  for (std::size_t thread = 0; thread < threads_.size(); ++thread) {
    asio::post(loop_executor(thread), [self = shared_from_this(), thread, action] {
      // A copy: an action may end a session at once.
      const auto sessions = self->sessions_[thread];
      for (const auto& session : sessions) ((*session).*action)();
    });
  }
}

void Server::Impl::close_acceptor() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Server::Impl::drain() {
  shared_.is_draining = true;
  asio::post(loop_executor(0), [self = shared_from_this()] { self->close_acceptor(); });
  for_each_session(&ServerSession::drain);
}

void Server::Impl::close_all() {
  for_each_session(&ServerSession::abort);
}

void Server::Impl::stop_and_wait() {
  if (threads_.is_stopped()) {
    // Their coroutines are gone already; nothing runs that could touch the rest.
    close_acceptor();
    sessions_.clear();
    return;
  }
  RINGMASTER_CHECK(threads_.current() == threads_.size());
  shared_.is_draining = true;
  std::promise<void> accepts_no_more;
  asio::post(loop_executor(0), [this, &accepts_no_more] {
    close_acceptor();
    accepts_no_more.set_value();
  });
  accepts_no_more.get_future().wait();
  close_all();
  for (auto count = connection_count_.load(); count != 0; count = connection_count_.load()) {
    connection_count_.wait(count);
  }
}

Server::Server(IoThreads& threads, Handler& handler, LogSink& log, ServerOptions options)
    : impl_(std::make_shared<Impl>(threads, handler, log, std::move(options))) {}

Server::~Server() {
  impl_->stop_and_wait();
}

Status Server::bind(const std::string& address) {
  return impl_->bind(address);
}
void Server::start() {
  impl_->start();
}
Status Server::listen(const std::string& address) {
  if (auto bound = bind(address); !bound) return bound;
  start();
  return {};
}
std::uint16_t Server::port() const {
  return impl_->port();
}
void Server::drain() {
  impl_->drain();
}
std::size_t Server::connection_count() const {
  return impl_->connection_count();
}
void Server::close_all() {
  impl_->close_all();
}

}  // namespace ringmaster::http
