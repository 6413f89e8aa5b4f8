#include "http/client.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gtest/gtest.h>

#include "tests/integration/http/test_server.h"
#include "tests/support/held_port.h"

namespace ringmaster::http {
namespace {

using std::chrono::milliseconds;

/// An instance that follows a script, on its own thread.
class ScriptedInstance {
 public:
  explicit ScriptedInstance(std::function<void(RawListener&)> script)
      : thread_([this, script = std::move(script)] { script(listener_); }) {}
  ~ScriptedInstance() { thread_.join(); }
  ScriptedInstance(const ScriptedInstance&) = delete;
  ScriptedInstance& operator=(const ScriptedInstance&) = delete;

  [[nodiscard]] Endpoint endpoint() const {
    Endpoint endpoint{.host = "127.0.0.1", .port = listener_.port(), .base_path = ""};
    return endpoint;
  }

 private:
  RawListener listener_;
  std::thread thread_;
};

/// Takes one request and sends these bytes; then waits until the client has closed.
std::function<void(RawListener&)> answering(std::string bytes) {
  return [bytes = std::move(bytes)](RawListener& listener) {
    auto connection = listener.accept();
    EXPECT_NE(connection.read_until("\r\n\r\n"), "");
    connection.send(bytes);
    EXPECT_TRUE(connection.is_closed_by_peer());
  };
}

/// Takes one request, sends these bytes and closes.
std::function<void(RawListener&)> answering_and_closing(std::string bytes) {
  return [bytes = std::move(bytes)](RawListener& listener) {
    auto connection = listener.accept();
    EXPECT_NE(connection.read_until("\r\n\r\n"), "");
    connection.send(bytes);
  };
}

/// What a request came to.
struct Outcome {
  int status = 0;
  Fields fields;
  std::string body;
  std::optional<Error> error;  ///< Of send(), or of reading the body.
  bool is_error_of_body = false;
};

struct Call {
  std::string method = "GET";
  std::string body;
  Deadlines deadlines;
  std::size_t body_bytes_max = 100'000'000;
};

asio::awaitable<Outcome> perform(Client& client, Endpoint endpoint, Call call) {
  RequestHead head;
  head.method = call.method;
  head.target = "/a";
  head.fields.add("X-Id", "7");
  Outcome outcome;
  auto exchange = co_await client.send(endpoint, head, call.body, call.deadlines);
  if (!exchange) {
    outcome.error = exchange.error();
    co_return outcome;
  }
  outcome.status = (*exchange)->head().status;
  outcome.fields = (*exchange)->head().fields;
  auto body = co_await (*exchange)->read_all(call.body_bytes_max);
  if (body) {
    outcome.body = *body;
  } else {
    outcome.error = body.error();
    outcome.is_error_of_body = true;
  }
  co_return outcome;
}

class ClientTest : public testing::Test {
 protected:
  Outcome call(const Endpoint& endpoint, Call call = {}) {
    return run_on(threads_, perform(client_, endpoint, std::move(call)));
  }

  IoThreads threads_{1};
  Client client_{threads_, {}};
};

TEST_F(ClientTest, SendsTheRequestWrittenAnew) {
  std::string seen;
  {
    const ScriptedInstance instance([&](RawListener& listener) {
      auto connection = listener.accept();
      seen = connection.read_until("\r\n\r\n");
      seen += connection.read_bytes(2);
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    auto endpoint = instance.endpoint();
    endpoint.base_path = "/base";
    Call post;
    post.method = "POST";
    post.body = "{}";
    EXPECT_EQ(call(endpoint, post).status, 200);
  }
  const auto host = seen.substr(seen.find("Host: "), seen.find("X-Id") - seen.find("Host: "));
  EXPECT_TRUE(host.starts_with("Host: 127.0.0.1:"));
  EXPECT_EQ(seen, "POST /base/a HTTP/1.1\r\n" + host + "X-Id: 7\r\nContent-Length: 2\r\n\r\n{}");
}

TEST_F(ClientTest, ReadsABodyOfKnownLength) {
  const ScriptedInstance instance(answering_and_closing(
      "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-A: b\r\nConnection: close\r\n\r\nhello"));
  const auto outcome = call(instance.endpoint());
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_EQ(outcome.fields.size(), 1U);
  EXPECT_FALSE(outcome.error);
}

TEST_F(ClientTest, ReadsAChunkedBody) {
  const ScriptedInstance instance(answering_and_closing(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
  EXPECT_EQ(call(instance.endpoint()).body, "hello");
}

TEST_F(ClientTest, ReadsABodyThatEndsWithTheConnection) {
  const ScriptedInstance instance(answering_and_closing("HTTP/1.1 200 OK\r\n\r\nhello"));
  const auto outcome = call(instance.endpoint());
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_FALSE(outcome.error);
}

TEST_F(ClientTest, ReadsNoBodyOfHead204And304) {
  Call head;
  head.method = "HEAD";
  const ScriptedInstance one(answering_and_closing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_EQ(call(one.endpoint(), head).status, 200);
  const ScriptedInstance two(answering_and_closing("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(call(two.endpoint()).status, 204);
  const ScriptedInstance three(
      answering_and_closing("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_EQ(call(three.endpoint()).status, 304);
}

TEST_F(ClientTest, SkipsInterimAnswers) {
  const ScriptedInstance instance(answering_and_closing(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"));
  const auto outcome = call(instance.endpoint());
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.fields.size(), 0U);
  EXPECT_EQ(outcome.body, "ab");
}

TEST_F(ClientTest, ReadsTheAnswerOfAnInstanceThatDoesNotReadTheRequest) {
  const ScriptedInstance instance([](RawListener& listener) {
    auto connection = listener.accept();
    EXPECT_NE(connection.read_until("\r\n\r\n"), "");
    connection.send("HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_NE(connection.read_bytes(8'000'000), "");
  });
  Call post;
  post.method = "POST";
  post.body.assign(8'000'000, 'x');
  EXPECT_EQ(call(instance.endpoint(), post).status, 413);
}

// --- the pool ---

TEST_F(ClientTest, UsesAConnectionAgain) {
  const TestServer server(echo);
  const auto first = call(server.endpoint());
  const auto second = call(server.endpoint());
  EXPECT_EQ(*first.fields.find("x-peer"), *second.fields.find("x-peer"));
}

TEST_F(ClientTest, OpensAnotherConnectionAfterBytesBehindTheAnswer) {
  const ScriptedInstance instance([](RawListener& listener) {
    auto first = listener.accept();
    EXPECT_NE(first.read_until("\r\n\r\n"), "");
    first.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n");
    EXPECT_TRUE(first.is_closed_by_peer());
    auto second = listener.accept();
    EXPECT_NE(second.read_until("\r\n\r\n"), "");
    second.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
  });
  EXPECT_EQ(call(instance.endpoint()).body, "a");
  EXPECT_EQ(call(instance.endpoint()).body, "b");
}

TEST_F(ClientTest, ReplacesAStaleConnectionOnce) {
  const ScriptedInstance instance([](RawListener& listener) {
    auto first = listener.accept();
    EXPECT_NE(first.read_until("\r\n\r\n"), "");
    first.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    EXPECT_NE(first.read_until("\r\n\r\n"), "");
    first.close();
    auto second = listener.accept();
    EXPECT_NE(second.read_until("\r\n\r\n"), "");
    second.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
  });
  EXPECT_EQ(call(instance.endpoint()).body, "a");
  EXPECT_EQ(call(instance.endpoint()).body, "b");
}

TEST_F(ClientTest, DoesNotReplaceAFreshConnection) {
  const ScriptedInstance instance(answering_and_closing(""));
  const auto outcome = call(instance.endpoint());
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
  EXPECT_TRUE(outcome.error->retryable);
}

TEST_F(ClientTest, DoesNotReplaceAConnectionThatHasAnswered) {
  const ScriptedInstance instance([](RawListener& listener) {
    auto first = listener.accept();
    EXPECT_NE(first.read_until("\r\n\r\n"), "");
    first.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    EXPECT_NE(first.read_until("\r\n\r\n"), "");
    first.send("HTTP/1.1 200 O");
  });
  EXPECT_EQ(call(instance.endpoint()).body, "a");
  EXPECT_EQ(call(instance.endpoint()).error->code, ErrorCode::kUnavailable);
}

// --- answers that are broken ---

struct BrokenAnswer {
  const char* name;
  const char* bytes;
};
void PrintTo(const BrokenAnswer& broken, std::ostream* out) {
  *out << broken.name;
}

const BrokenAnswer kBrokenHeads[] = {
    {"NoHttp", "220 smtp ready\r\n\r\n"},
    {"WrongVersion", "HTTP/2.0 200 OK\r\n\r\n"},
    {"StatusOfTwoDigits", "HTTP/1.1 20 OK\r\n\r\n"},
    {"StatusOfFourDigits", "HTTP/1.1 2000 OK\r\n\r\n"},
    {"StatusZero", "HTTP/1.1 000 OK\r\n\r\n"},
    {"SwitchingProtocols", "HTTP/1.1 101 Switching\r\n\r\n"},
    {"LengthAndChunked",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
    {"LengthIsNoNumber", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"},
    {"UnknownCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"},
    {"BareLineFeeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
    {"FoldedField", "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n"},
    {"SpaceBeforeColon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"},
    {"HalfAHead", "HTTP/1.1 200 OK\r\nContent-"},
};

class BrokenHead : public ClientTest, public testing::WithParamInterface<BrokenAnswer> {};

TEST_P(BrokenHead, IsUnavailableAndMayBeRetried) {
  const ScriptedInstance instance(answering_and_closing(GetParam().bytes));
  const auto outcome = call(instance.endpoint());
  ASSERT_TRUE(outcome.error);
  EXPECT_FALSE(outcome.is_error_of_body);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(outcome.error->origin, ErrorOrigin::kInstance);
  EXPECT_TRUE(outcome.error->retryable);
}

INSTANTIATE_TEST_SUITE_P(Client, BrokenHead, testing::ValuesIn(kBrokenHeads),
                         [](const auto& test) { return std::string(test.param.name); });

const BrokenAnswer kBrokenBodies[] = {
    {"CutLength", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"},
    {"CutBeforeLength", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
    {"CutChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"},
    {"CutBetweenChunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n"},
    {"CutBeforeLastLine", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"},
    {"BadChunkSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"},
};

class BrokenBody : public ClientTest, public testing::WithParamInterface<BrokenAnswer> {};

TEST_P(BrokenBody, FailsInsteadOfEndingEarly) {
  const ScriptedInstance instance(answering_and_closing(GetParam().bytes));
  const auto outcome = call(instance.endpoint());
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.is_error_of_body);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(Client, BrokenBody, testing::ValuesIn(kBrokenBodies),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(ClientTest, DoesNotTakeAResetForTheEndOfABody) {
  const ScriptedInstance instance([](RawListener& listener) {
    auto connection = listener.accept();
    EXPECT_NE(connection.read_until("\r\n\r\n"), "");
    connection.send("HTTP/1.1 200 OK\r\n\r\nhel");
    connection.abort();
  });
  const auto outcome = call(instance.endpoint());
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
}

asio::awaitable<Status> read_aborted(Client& client, Endpoint endpoint) {
  const RequestHead head;
  const Deadlines deadlines;
  auto exchange = co_await client.send(endpoint, head, "", deadlines);
  if (!exchange) co_return tl::unexpected(exchange.error());
  const auto first = co_await (*exchange)->read_some();
  EXPECT_EQ(first.value_or(""), "hel");
  (*exchange)->abort();
  const auto second = co_await (*exchange)->read_some();
  if (!second) co_return tl::unexpected(second.error());
  co_return Status();
}

TEST_F(ClientTest, FailsAfterItWasAborted) {
  const ScriptedInstance instance(answering("HTTP/1.1 200 OK\r\n\r\nhel"));
  const auto status = run_on(threads_, read_aborted(client_, instance.endpoint()));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, RefusesAHeadThatIsTooLarge) {
  const ScriptedInstance instance(
      answering_and_closing("HTTP/1.1 200 OK\r\na: " + std::string(70'000, 'x') + "\r\n\r\n"));
  const auto outcome = call(instance.endpoint());
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
}

TEST_F(ClientTest, ReadsAHeadLargerThanItsBuffer) {
  const ScriptedInstance instance(answering_and_closing(
      "HTTP/1.1 200 OK\r\na: " + std::string(50'000, 'x') + "\r\nContent-Length: 2\r\n\r\nab"));
  EXPECT_EQ(call(instance.endpoint()).body, "ab");
}

TEST_F(ClientTest, RefusesABodyBeyondTheLimit) {
  Call limited;
  limited.body_bytes_max = 4;
  const ScriptedInstance known(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  EXPECT_EQ(call(known.endpoint(), limited).error->code, ErrorCode::kOverloaded);
  const ScriptedInstance chunked(
      answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
  EXPECT_EQ(call(chunked.endpoint(), limited).error->code, ErrorCode::kOverloaded);
}

// --- connecting and deadlines ---

TEST_F(ClientTest, SaysWhereItCouldNotConnect) {
  const HeldPort nobody;
  Endpoint endpoint{.host = "127.0.0.1", .port = nobody.number(), .base_path = ""};
  const auto outcome = call(endpoint);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
  EXPECT_TRUE(outcome.error->retryable);
  EXPECT_EQ(outcome.error->message,
            "cannot connect to " + nobody.address() + ": Connection refused");
}

TEST_F(ClientTest, FindsAnInstanceByName) {
  const TestServer server(echo);
  auto endpoint = server.endpoint();
  endpoint.host = "localhost";
  EXPECT_EQ(call(endpoint).status, 200);
}

TEST_F(ClientTest, FailsWhenNoAnswerBegins) {
  const ScriptedInstance instance(answering(""));
  Call impatient;
  impatient.deadlines.first_byte = milliseconds(30);
  const auto outcome = call(instance.endpoint(), impatient);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kDeadlineExceeded);
  EXPECT_TRUE(outcome.error->retryable);
}

TEST_F(ClientTest, FailsWhenABodyStops) {
  const ScriptedInstance instance(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"));
  Call impatient;
  impatient.deadlines.idle = milliseconds(30);
  const auto outcome = call(instance.endpoint(), impatient);
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.is_error_of_body);
  EXPECT_EQ(outcome.error->code, ErrorCode::kDeadlineExceeded);
}

/// Answers one request with "a" on a connection that the script then gets, so that a short deadline
/// of the next request cannot pass before there is one.
std::function<void(RawListener&)> on_used_connection(std::function<void(RawConnection&)> script) {
  return [script = std::move(script)](RawListener& listener) {
    auto connection = listener.accept();
    EXPECT_NE(connection.read_until("\r\n\r\n"), "");
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    script(connection);
  };
}

TEST_F(ClientTest, FailsWhenTheWholeTakesTooLong) {
  const ScriptedInstance instance(on_used_connection([](RawConnection& connection) {
    EXPECT_NE(connection.read_until("\r\n\r\n"), "");
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    EXPECT_TRUE(connection.is_closed_by_peer());
  }));
  EXPECT_EQ(call(instance.endpoint()).body, "a");
  Call impatient;
  impatient.deadlines.first_byte = impatient.deadlines.idle = std::chrono::hours(1);
  impatient.deadlines.total = milliseconds(30);
  EXPECT_EQ(call(instance.endpoint(), impatient).error->code, ErrorCode::kDeadlineExceeded);
}

TEST_F(ClientTest, FailsWhenTheRequestIsNotTaken) {
  const ScriptedInstance instance(on_used_connection(
      [](RawConnection& connection) { EXPECT_NE(connection.read_bytes(100'000'000).size(), 0U); }));
  EXPECT_EQ(call(instance.endpoint()).body, "a");
  Call post;
  post.method = "POST";
  post.body.assign(64'000'000, 'x');
  post.deadlines.total = milliseconds(1);
  EXPECT_EQ(call(instance.endpoint(), post).error->code, ErrorCode::kDeadlineExceeded);
}

// --- leaving early ---

asio::awaitable<std::string> read_once(Client& client, Endpoint endpoint) {
  const RequestHead head;
  const Deadlines deadlines;
  auto exchange = co_await client.send(endpoint, head, "", deadlines);
  if (!exchange) co_return exchange.error().message;
  const auto some = co_await (*exchange)->read_some();
  co_return some ? std::string(*some) : some.error().message;
}

TEST_F(ClientTest, ClosesTheConnectionOfAnExchangeThatIsDropped) {
  const ScriptedInstance instance(
      answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n"));
  EXPECT_EQ(run_on(threads_, read_once(client_, instance.endpoint())), "hel");
}

TEST_F(ClientTest, ClosesTheConnectionWhenTheCoroutineIsCancelled) {
  std::promise<void> has_request;
  const ScriptedInstance instance([&](RawListener& listener) {
    auto connection = listener.accept();
    EXPECT_NE(connection.read_until("\r\n\r\n"), "");
    has_request.set_value();
    EXPECT_TRUE(connection.is_closed_by_peer());
  });
  asio::cancellation_signal signal;
  std::promise<Outcome> outcome;
  Call call;
  asio::co_spawn(threads_.executor(0), perform(client_, instance.endpoint(), call),
                 asio::bind_cancellation_slot(signal.slot(),
                                              [&](const std::exception_ptr& error, Outcome result) {
                                                EXPECT_FALSE(error);
                                                outcome.set_value(std::move(result));
                                              }));
  value_of(has_request);
  asio::post(threads_.executor(0), [&] { signal.emit(asio::cancellation_type::terminal); });
  EXPECT_EQ(value_of(outcome).error->code, ErrorCode::kCancelled);
}

TEST(Client, MayGoBeforeItsThreadsWithConnectionsInThePool) {
  const TestServer server(echo);
  IoThreads threads(1);
  {
    Client client(threads, {});
    const Call call;
    EXPECT_EQ(run_on(threads, perform(client, server.endpoint(), call)).status, 200);
  }
}

TEST(Client, MayGoAfterItsThreadsWereStopped) {
  const TestServer server(echo);
  IoThreads threads(1);
  Client client(threads, {});
  const Call call;
  EXPECT_EQ(run_on(threads, perform(client, server.endpoint(), call)).status, 200);
  threads.stop();
}

// --- load ---

asio::awaitable<int> perform_many(Client& client, Endpoint endpoint, int seed, int count) {
  int correct = 0;
  for (int i = 0; i < count; ++i) {
    Call call;
    call.method = "POST";
    call.body = std::string(static_cast<std::size_t>(1 + (seed * 7919 + i * 104729) % 60'000),
                            static_cast<char>('a' + (seed + i) % 26));
    const auto outcome = co_await perform(client, endpoint, call);
    if (outcome.status == 200 && outcome.body == call.body) ++correct;
  }
  co_return correct;
}

TEST(Load, LosesNothingWithHundredsOfConnections) {
  const TestServer server(echo);
  IoThreads threads(2);
  Client client(threads, {});
  std::vector<std::future<int>> futures;
  for (int i = 0; i < 300; ++i) {
    futures.push_back(asio::co_spawn(threads.executor(static_cast<std::size_t>(i % 2)),
                                     perform_many(client, server.endpoint(), i, 10),
                                     asio::use_future));
  }
  int correct = 0;
  for (auto& future : futures) correct += future.get();
  EXPECT_EQ(correct, 3'000);
}

/// Forwards every request to an instance and relays the answer piece by piece.
FunctionHandler::Function relay_to(Client*& client, const Endpoint& endpoint) {
  return [&client, &endpoint](Request& request, ResponseWriter& writer) -> asio::awaitable<void> {
    RequestHead head;
    head.target = request.target;
    const Deadlines deadlines;
    auto exchange = co_await client->send(endpoint, head, request.body, deadlines);
    if (!exchange) co_return;
    auto answer = (*exchange)->head();
    auto written = co_await writer.start(std::move(answer));
    while (written) {
      const auto some = co_await (*exchange)->read_some();
      if (!some) co_return;
      if (some->empty()) break;
      written = co_await writer.write(*some);
    }
    if (written) written = co_await writer.finish();
  };
}

TEST(Load, CancelsThroughAProxyWhenHundredsOfClientsLeave) {
  std::atomic<int> waiting{0};
  std::atomic<int> cancelled{0};
  std::promise<void> all_wait;
  std::promise<void> all_gone;
  const TestServer instance([&](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    ResponseHead head;
    auto written = co_await writer.start(std::move(head));
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    if (++waiting == 200) all_wait.set_value();
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error && ++cancelled == 200) all_gone.set_value();
  });
  IoThreads threads(2);
  auto owned_client = std::make_unique<Client>(threads, ClientOptions{});
  Client* client = owned_client.get();
  const auto endpoint = instance.endpoint();
  FunctionHandler handler(relay_to(client, endpoint));
  NullLog log;
  Server proxy(threads, handler, log, {});
  ASSERT_TRUE(proxy.listen("127.0.0.1:0").has_value());
  std::vector<RawConnection> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(RawConnection::to(proxy.port()));
    clients.back().send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  }
  value_of(all_wait);
  clients.clear();
  value_of(all_gone);
}

}  // namespace
}  // namespace ringmaster::http
