#include "router/ticket.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ringmaster {
namespace {

namespace asio = boost::asio;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

Refusal client_gone() {
  return {.error = {.code = ErrorCode::kCancelled,
                    .origin = ErrorOrigin::kClient,
                    .message = "the client has gone away"}};
}

}  // namespace

Ticket::Ticket(asio::any_io_executor session) : session_(session), wake_(std::move(session)) {}

asio::awaitable<tl::expected<Assignment, Refusal>> Ticket::next() {
  while (!assignment_ && !refusal_) {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return tl::unexpected(client_gone());
    wake_.expires_at(asio::steady_timer::time_point::max());
    co_await wake_.async_wait(kAsTuple);
  }
  if (refusal_) co_return tl::unexpected(std::move(*refusal_));
  auto assignment = std::move(*assignment_);
  assignment_.reset();
  co_return assignment;
}

void Ticket::begin_attempt(std::uint32_t attempt, http::AbortHandle& abort) {
  attempt_ = attempt;
  abort_ = &abort;
  if (taken_back_ >= attempt) abort.abort();
}

bool Ticket::end_attempt() {
  abort_ = nullptr;
  return taken_back_ >= attempt_;
}

void Ticket::commit(std::function<void()> decline) {
  decline_ = std::move(decline);
}

void Ticket::deliver(Assignment assignment) {
  // Inline where the session runs on the strand's own thread: no hop for those.
  asio::dispatch(session_,
                 [self = shared_from_this(), assignment = std::move(assignment)]() mutable {
                   if (self->decline_) return self->decline_();
                   self->assignment_ = std::move(assignment);
                   self->wake_.cancel();
                 });
}

void Ticket::deliver(Refusal refusal) {
  asio::dispatch(session_, [self = shared_from_this(), refusal = std::move(refusal)]() mutable {
    self->refusal_ = std::move(refusal);
    self->wake_.cancel();
  });
}

void Ticket::take_back(std::uint32_t attempt) {
  asio::dispatch(session_, [self = shared_from_this(), attempt] {
    self->taken_back_ = std::max(self->taken_back_, attempt);
    if (self->abort_ != nullptr && self->attempt_ <= attempt) self->abort_->abort();
  });
}

}  // namespace ringmaster
