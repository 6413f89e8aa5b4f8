// An OpenAI-like instance that answers at once: what remains in a measurement is the proxy.
// Usage: instant_backend <host:port> <threads>. Prints its port; ends when its input ends.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/log.h"
#include "http/server.h"

namespace {

using namespace ringmaster;

constexpr std::string_view kAnswer =
    R"({"id":"chatcmpl-0","object":"chat.completion","created":0,"model":"m","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})";

class InstantAnswer final : public http::Handler {
 public:
  http::asio::awaitable<void> handle(http::Request& /*request*/,
                                     http::ResponseWriter& writer) override {
    auto response = http::json_response(200, std::string(kAnswer));
    const auto sent = co_await writer.send(std::move(response));
    static_cast<void>(sent);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s <host:port> <threads>\n", argv[0]);
    return 2;
  }
  http::IoThreads threads(static_cast<std::size_t>(std::atoi(argv[2])));
  InstantAnswer handler;
  NullLog log;
  http::Server server(threads, handler, log, {});
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
