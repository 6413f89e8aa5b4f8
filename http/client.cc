#include "http/client.h"

#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "base/check.h"
#include "http/client_exchange.h"
#include "http/connection_pool.h"
#include "http/connector.h"

namespace ringmaster::http {

class Client::Impl {
 public:
  Impl(IoThreads& threads, const ClientOptions& options) : threads_(threads) {
    RINGMASTER_CHECK(options.read_buffer_bytes > 0);
    for (std::size_t i = 0; i < threads.size(); ++i) {
      pools_.push_back(std::make_shared<ConnectionPool>(options));
    }
  }
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] asio::awaitable<Result<std::unique_ptr<Exchange>>> send(const Endpoint& endpoint,
                                                                        const RequestHead& head,
                                                                        std::string_view body,
                                                                        Deadlines deadlines,
                                                                        AbortHandle* abort);

 private:
  IoThreads& threads_;
  std::vector<std::shared_ptr<ConnectionPool>> pools_;  ///< By thread, each used only there.
};

Client::Impl::~Impl() {
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    if (threads_.is_stopped()) {
      pools_[i]->close();
    } else {
      asio::post(threads_.executor(i), [pool = std::move(pools_[i])] { pool->close(); });
    }
  }
}

asio::awaitable<Result<std::unique_ptr<Exchange>>> Client::Impl::send(const Endpoint& endpoint,
                                                                      const RequestHead& head,
                                                                      std::string_view body,
                                                                      Deadlines deadlines,
                                                                      AbortHandle* abort) {
  const auto is_aborted = [abort] { return abort != nullptr && abort->is_aborted(); };
  const auto thread = threads_.current();
  RINGMASTER_CHECK(thread < threads_.size());
  const auto pool = pools_[thread];
  const auto authority = endpoint.authority();
  const auto start = std::chrono::steady_clock::now();
  const auto total_at =
      deadlines.total.count() == 0 ? Channel::kNever : TimePoint(start + deadlines.total);
  auto channel = pool->take(authority);
  bool may_be_stale = channel != nullptr;
  while (true) {
    if (!channel) {
      const auto executor = *threads_.executor(thread).target<Channel::Executor>();
      const auto connect_by = deadlines.connect.count() == 0
                                  ? Channel::kNever
                                  : TimePoint(std::chrono::steady_clock::now() + deadlines.connect);
      auto connected = co_await connect(executor, endpoint, std::min(connect_by, total_at));
      if (!connected) co_return tl::unexpected(connected.error());
      channel = std::move(*connected);
    }
    if (is_aborted()) {
      channel->close();
      co_return fail(ErrorCode::kUnavailable, ErrorOrigin::kRouter, "aborted", true);
    }
    if (abort != nullptr) abort->bind(channel);
    auto exchange =
        std::make_unique<ClientExchange>(pool, authority, std::move(channel), deadlines, total_at);
    const auto begun = co_await exchange->begin(endpoint, head, body);
    if (begun) co_return std::move(exchange);
    // Stale: the instance closed the idle connection while the request was on its way.
    if (!std::exchange(may_be_stale, false) || !exchange->was_stale() || is_aborted()) {
      co_return tl::unexpected(begun.error());
    }
    channel = nullptr;
  }
}

void AbortHandle::abort() {
  is_aborted_ = true;
  if (const auto channel = channel_.lock()) channel->close();
}

Client::Client(IoThreads& threads, ClientOptions options)
    : impl_(std::make_unique<Impl>(threads, options)) {}

Client::~Client() = default;

asio::awaitable<Result<std::unique_ptr<Exchange>>> Client::send(const Endpoint& endpoint,
                                                                const RequestHead& head,
                                                                std::string_view body,
                                                                Deadlines deadlines,
                                                                AbortHandle* abort) {
  return impl_->send(endpoint, head, body, deadlines, abort);
}

}  // namespace ringmaster::http
