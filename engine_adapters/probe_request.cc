#include "engine_adapters/probe_request.h"

namespace ringmaster {

asio::awaitable<Result<ProbeAnswer>> probe_request(const EngineLink& link,
                                                   std::string_view target) {
  constexpr std::size_t kBodyBytesMax = 4 * 1024 * 1024;
  http::RequestHead head;
  head.method = "GET";
  head.target = std::string(target);
  head.fields.add("accept", "application/json");
  const http::Deadlines deadlines{.connect = link.timeout,
                                  .first_byte = link.timeout,
                                  .idle = link.timeout,
                                  .total = link.timeout};
  auto exchange = co_await link.client->send(link.endpoint, head, {}, deadlines);
  if (!exchange) co_return tl::unexpected(std::move(exchange.error()));
  const int status = (*exchange)->head().status;
  auto body = co_await (*exchange)->read_all(kBodyBytesMax);
  if (!body) co_return tl::unexpected(std::move(body.error()));
  ProbeAnswer answer;
  answer.status = status;
  answer.body = std::move(*body);
  co_return answer;
}

}  // namespace ringmaster
