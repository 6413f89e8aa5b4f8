// The http library as a reverse proxy that decides nothing: how fast a gateway on it can be.
// Usage: bare_proxy <host:port> <backend url> <threads>. Prints its port; ends when its input ends.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/log.h"
#include "http/client.h"
#include "http/openai_error.h"
#include "http/server.h"

namespace {

using namespace ringmaster;

constexpr std::size_t kAnswerBytesMax = 16 * 1024 * 1024;

class BareProxy final : public http::Handler {
 public:
  BareProxy(http::Client& client, http::Endpoint backend)
      : client_(client), backend_(std::move(backend)) {}

  http::asio::awaitable<void> handle(http::Request& request,
                                     http::ResponseWriter& writer) override {
    const http::RequestHead head{
        .method = request.method, .target = request.target, .fields = std::move(request.fields)};
    const http::Deadlines deadlines{.first_byte = std::chrono::seconds(60),
                                    .idle = std::chrono::seconds(60)};
    auto response = co_await forward(head, request.body, deadlines);
    const auto sent = co_await writer.send(std::move(response));
    static_cast<void>(sent);
  }

 private:
  http::asio::awaitable<http::Response> forward(const http::RequestHead& head,
                                                const std::string& body,
                                                const http::Deadlines& deadlines) {
    auto exchange = co_await client_.send(backend_, head, body, deadlines);
    if (!exchange) co_return http::openai_error(exchange.error());
    auto answer = co_await (*exchange)->read_all(kAnswerBytesMax);
    if (!answer) co_return http::openai_error(answer.error());
    http::Response response;
    response.status = (*exchange)->head().status;
    response.fields = (*exchange)->head().fields;
    response.body = std::move(*answer);
    co_return response;
  }

  http::Client& client_;
  http::Endpoint backend_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s <host:port> <backend url> <threads>\n", argv[0]);
    return 2;
  }
  const auto backend = http::Endpoint::parse(argv[2]);
  if (!backend) {
    std::fprintf(stderr, "%s\n", backend.error().message.c_str());
    return 2;
  }
  http::IoThreads threads(static_cast<std::size_t>(std::atoi(argv[3])));
  http::Client client(threads, {});
  BareProxy proxy(client, *backend);
  NullLog log;
  http::Server server(threads, proxy, log, {});
  if (const auto listening = server.listen(argv[1]); !listening) {
    std::fprintf(stderr, "%s\n", listening.error().message.c_str());
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
