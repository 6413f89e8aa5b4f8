#include "router/peer_monitor.h"

#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "router/forwarding.h"

namespace ringmaster {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReportBytesMax = 16 * 1024 * 1024;

}  // namespace

PeerMonitor::PeerMonitor(PeerPtr peer, asio::any_io_executor executor, Context context)
    : peer_(std::move(peer)),
      executor_(std::move(executor)),
      context_(std::move(context)),
      tracker_(context_.health.unhealthy_after, 1),
      timer_(executor_) {}

void PeerMonitor::start() {
  const auto on_end = [self = shared_from_this()](const std::exception_ptr& error) {
    if (error) {
      self->context_.log->write(LogLevel::kError,
                                "peer=" + self->peer_->id + " the monitor ended by an exception");
    }
  };
  asio::co_spawn(executor_, watch(shared_from_this()),
                 asio::bind_cancellation_slot(stop_.slot(), on_end));
}

void PeerMonitor::stop() {
  asio::post(executor_, [self = shared_from_this()] {
    self->is_stopped_ = true;
    self->stop_.emit(asio::cancellation_type::terminal);
  });
}

void PeerMonitor::request_failed() {
  asio::post(executor_, [self = shared_from_this()] {
    if (self->is_stopped_) return;
    self->note_failure("requests fail");
    self->timer_.cancel();
  });
}

asio::awaitable<void> PeerMonitor::watch(std::shared_ptr<PeerMonitor> self) {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!self->is_stopped_) {
    const auto asked = co_await self->ask();
    if (self->is_stopped_) co_return;
    if (asked) {
      self->tracker_.good_probe();
      if (!asked->empty()) self->set_up(*asked);
    } else {
      self->note_failure(asked.error().message);
    }
    self->timer_.expires_after(self->context_.health.interval);
    co_await self->timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<Result<std::string>> PeerMonitor::ask() {
  const auto asked = context_.clock->now();
  const auto timeout = context_.health.timeout;
  http::RequestHead head;
  head.method = "GET";
  head.target = std::string(kPeerLoadPath);
  head.fields.add(std::string(kPeerKeyField), context_.key);
  const http::Deadlines deadlines{
      .connect = timeout, .first_byte = timeout, .idle = timeout, .total = timeout};
  auto exchange = co_await context_.client->send(peer_->endpoint, head, {}, deadlines);
  if (!exchange) co_return tl::unexpected(std::move(exchange.error()));
  const int status = (*exchange)->head().status;
  auto body = co_await (*exchange)->read_all(kReportBytesMax);
  if (!body) co_return tl::unexpected(std::move(body.error()));
  if (status == 503) co_return std::string("it is draining");
  if (status == 401) co_return std::string("it has another peers.key");
  if (status != 200) {
    co_return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance,
                   "it answers " + std::to_string(status));
  }
  auto report = parse_peer_report(*body);
  if (!report) co_return tl::unexpected(std::move(report.error()));
  if (report->gateway != peer_->id) co_return "its peers.id is " + report->gateway;
  const auto now = context_.clock->now();
  for (OwnedLoad& load : report->loads) {
    load.report.time = now;
    load.report.time_error = now - asked;
  }
  set_up({});  // First: only an owner's word counts.
  context_.on_report(peer_, std::move(report->loads));
  co_return std::string();
}

void PeerMonitor::note_failure(const std::string& why) {
  const auto become = tracker_.failure();
  if (!become || tracker_.health() != Health::kDead) return;
  set_up(why);
  context_.on_lost(peer_);
}

void PeerMonitor::set_up(const std::string& why_not) {
  if (why_not == why_not_up_) return;
  why_not_up_ = why_not;
  context_.on_up(peer_, why_not);
  context_.log->write(
      why_not.empty() ? LogLevel::kInfo : LogLevel::kWarn,
      "peer=" + peer_->id + (why_not.empty() ? " up" : " down why=\"" + why_not + '"'));
}

}  // namespace ringmaster
