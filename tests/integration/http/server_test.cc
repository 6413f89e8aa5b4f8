#include "http/server.h"

#include <array>
#include <atomic>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/http/test_server.h"

namespace ringmaster::http {
namespace {

using std::chrono::milliseconds;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(const std::string& body, const std::string& lines = "") {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + lines +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

ErrorCode code_of(const Status& status) {
  return status ? ErrorCode::kInternal : status.error().code;
}

TEST(Server, AnswersSeveralRequestsOnOneConnection) {
  const TestServer server(echo);
  auto connection = server.connect();
  for (const std::string body : {"one", "", "three"}) {
    connection.send(post(body));
    const auto answer = connection.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, body);
    EXPECT_FALSE(answer.has("connection: close"));
  }
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  const TestServer server(echo);
  auto connection = server.connect();
  connection.send(post("one") + post("two") + kGet + post("four"));
  EXPECT_EQ(connection.read_answer().body, "one");
  EXPECT_EQ(connection.read_answer().body, "two");
  EXPECT_EQ(connection.read_answer().body, "");
  EXPECT_EQ(connection.read_answer().body, "four");
}

TEST(Server, GivesTheHandlerTheRequestWithoutItsFraming) {
  std::promise<Request> seen;
  const TestServer server([&](Request& request, ResponseWriter& writer) -> asio::awaitable<void> {
    seen.set_value(request);
    co_await echo(request, writer);
  });
  auto connection = server.connect();
  connection.send(
      "PUT http://h/a?b=c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX-One: 1\r\n"
      "Connection: x-two, keep-alive\r\nX-Two: 2\r\nTE: trailers\r\nKeep-Alive: 5\r\n"
      "Upgrade: h2c\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read_answer().status, 200);
  const auto request = value_of(seen);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.body, "abc");
  EXPECT_EQ(request.fields.size(), 2U);
  EXPECT_EQ(*request.fields.find("host"), "h");
  EXPECT_EQ(*request.fields.find("x-one"), "1");
  EXPECT_TRUE(request.peer.starts_with("127.0.0.1:"));
}

TEST(Server, ReadsARequestThatArrivesByteByByte) {
  const TestServer server(echo);
  auto connection = server.connect();
  for (const char byte : post("hello")) connection.send({&byte, 1});
  EXPECT_EQ(connection.read_answer().body, "hello");
}

TEST(Server, ReadsALargeBodyUnchanged) {
  const TestServer server(echo);
  std::string body(5'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761U >> 24U);
  auto connection = server.connect();
  connection.send(post(body));
  EXPECT_TRUE(connection.read_answer().body == body);
}

TEST(Server, AsksForABodyThatIsOnlyAnnounced) {
  const TestServer server(echo);
  auto connection = server.connect();
  connection.send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.read_answer().status, 100);
  connection.send("ab");
  EXPECT_EQ(connection.read_answer().body, "ab");
}

TEST(Server, RefusesAnAnnouncedBodyInsteadOfAskingForIt) {
  ServerOptions options;
  options.body_bytes_max = 1;
  const TestServer server(echo, options);
  auto connection = server.connect();
  connection.send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  const auto answer = connection.read_answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_NE(answer.body.find("too large; at most 1 bytes are read"), std::string::npos)
      << answer.body;
}

TEST(Server, SendsNoBodyToHead) {
  const TestServer server([](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    Response response = json_response(200, "{\"a\":1}");
    const auto sent = co_await writer.send(std::move(response));
    static_cast<void>(sent);
  });
  auto connection = server.connect();
  connection.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + kGet);
  EXPECT_TRUE(connection.read_answer(true).has("content-length: 7"));
  EXPECT_EQ(connection.read_answer().body, "{\"a\":1}");
}

TEST(Server, SendsNoLengthWith204) {
  const TestServer server([](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    Response response;
    response.status = 204;
    const auto sent = co_await writer.send(std::move(response));
    static_cast<void>(sent);
  });
  auto connection = server.connect();
  connection.send(kGet + kGet);
  EXPECT_EQ(connection.read_answer().head.find("content-length"), std::string::npos);
  EXPECT_EQ(connection.read_answer().status, 204);
}

TEST(Server, ClosesAfterAnsweringHttp10) {
  const TestServer server(echo);
  auto connection = server.connect();
  connection.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(connection.read_answer().has("connection: close"));
  EXPECT_TRUE(connection.is_closed_by_peer());
}

TEST(Server, ClosesWhenTheClientAsksForIt) {
  const TestServer server(echo);
  auto connection = server.connect();
  connection.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n");
  EXPECT_TRUE(connection.read_answer().has("connection: close"));
  EXPECT_TRUE(connection.is_closed_by_peer());
}

TEST(Server, LeavesOutFieldsThatWouldBreakOutOfTheirLine) {
  const TestServer server([](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    Response response;
    response.fields.add("X-Bad", "a\r\nX-Injected: b");
    response.fields.add("X-Bad\r\nX-Injected", "b");
    response.fields.add("Content-Length", "77");
    response.fields.add("X-Good", "c");
    const auto sent = co_await writer.send(std::move(response));
    static_cast<void>(sent);
  });
  auto connection = server.connect();
  connection.send(kGet);
  const auto answer = connection.read_answer();
  EXPECT_EQ(answer.head.find("x-injected"), std::string::npos);
  EXPECT_TRUE(answer.has("content-length: 0"));
  EXPECT_TRUE(answer.has("x-good: c"));
}

TEST(Server, Answers500ForAHandlerThatDoesNotAnswer) {
  const TestServer server([](Request&, ResponseWriter&) -> asio::awaitable<void> { co_return; });
  auto connection = server.connect();
  connection.send(kGet);
  EXPECT_EQ(connection.read_answer().status, 500);
  EXPECT_TRUE(connection.is_closed_by_peer());
}

TEST(Server, Answers500ForAHandlerThatThrows) {
  const TestServer server([](Request&, ResponseWriter&) -> asio::awaitable<void> {
    throw std::runtime_error("bug");
    co_return;
  });
  auto connection = server.connect();
  connection.send(kGet);
  EXPECT_EQ(connection.read_answer().status, 500);
}

// --- streaming ---

asio::awaitable<void> write_all(ResponseWriter& writer, std::vector<std::string> pieces) {
  for (const auto& piece : pieces) {
    const auto written = co_await writer.write(piece);
    if (!written) co_return;
  }
}

asio::awaitable<bool> start(ResponseWriter& writer) {
  ResponseHead head;
  head.fields.add("Content-Type", "text/event-stream");
  const auto started = co_await writer.start(std::move(head));
  co_return started.has_value();
}

TEST(Streaming, DeliversEachPieceWhenItIsWritten) {
  Gate gate;
  TestServer server([&](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await start(writer);
    std::vector<std::string> first{"data: 1\n\n"};
    co_await write_all(writer, std::move(first));
    co_await gate.pass();
    std::vector<std::string> rest{"data: 2\n\n", "", "data: 3\n\n"};
    co_await write_all(writer, std::move(rest));
    const auto finished = co_await writer.finish();
    static_cast<void>(finished);
  });
  auto connection = server.connect();
  connection.send(kGet + kGet);
  EXPECT_NE(connection.read_until("\r\n\r\n").find("Transfer-Encoding: chunked"),
            std::string::npos);
  EXPECT_EQ(connection.read_until("1\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
  gate.open();
  EXPECT_EQ(connection.read_until("0\r\n\r\n"),
            "9\r\ndata: 2\n\n\r\n9\r\ndata: 3\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read_answer().body, "data: 1\n\ndata: 2\n\ndata: 3\n\n");
}

TEST(Streaming, EndsByClosingForHttp10) {
  const TestServer server([](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await start(writer);
    std::vector<std::string> pieces{"a", "b"};
    co_await write_all(writer, std::move(pieces));
    const auto finished = co_await writer.finish();
    static_cast<void>(finished);
  });
  auto connection = server.connect();
  connection.send("GET / HTTP/1.0\r\n\r\n");
  const auto answer = connection.read_answer();
  EXPECT_EQ(answer.body, "ab");
  EXPECT_EQ(answer.head.find("transfer-encoding"), std::string::npos);
}

TEST(Streaming, IsCutWhenTheHandlerStopsHalfWay) {
  const TestServer server([](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await start(writer);
    std::vector<std::string> pieces{"a"};
    co_await write_all(writer, std::move(pieces));
  });
  auto connection = server.connect();
  connection.send(kGet);
  const auto answer = connection.read_answer();
  EXPECT_EQ(answer.body, "a");
  EXPECT_FALSE(answer.is_whole);
}

// --- clients that leave or do not read ---

TEST(Disconnect, CancelsAHandlerThatWaits) {
  std::promise<void> is_waiting;
  std::promise<bool> was_cancelled;
  std::promise<ErrorCode> sent_with;
  const TestServer server([&](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    is_waiting.set_value();
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    was_cancelled.set_value(error == asio::error::operation_aborted);
    Response response;
    const auto sent = co_await writer.send(std::move(response));
    sent_with.set_value(code_of(sent));
  });
  auto connection = server.connect();
  connection.send(kGet);
  value_of(is_waiting);
  connection.close();
  EXPECT_TRUE(value_of(was_cancelled));
  EXPECT_EQ(value_of(sent_with), ErrorCode::kCancelled);
}

TEST(Disconnect, IsNoticedWhenTheConnectionIsReset) {
  std::promise<void> is_waiting;
  std::promise<bool> was_cancelled;
  const TestServer server([&](Request&, ResponseWriter&) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    is_waiting.set_value();
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    was_cancelled.set_value(error == asio::error::operation_aborted);
  });
  auto connection = server.connect();
  connection.send(kGet);
  value_of(is_waiting);
  connection.abort();
  EXPECT_TRUE(value_of(was_cancelled));
}

TEST(Disconnect, IsNotWhatPipelinedBytesMean) {
  std::promise<void> is_waiting;
  std::atomic<int> calls{0};
  Gate gate;
  TestServer server([&](Request& request, ResponseWriter& writer) -> asio::awaitable<void> {
    if (++calls == 1) {
      is_waiting.set_value();
      co_await gate.pass();
    }
    co_await echo(request, writer);
  });
  auto connection = server.connect();
  connection.send(post("one"));
  value_of(is_waiting);
  connection.send(post("two"));
  gate.open();
  EXPECT_EQ(connection.read_answer().body, "one");
  EXPECT_EQ(connection.read_answer().body, "two");
}

TEST(Disconnect, CancelsAHandlerThatWrites) {
  std::promise<void> is_writing;
  std::promise<ErrorCode> ended_with;
  const TestServer server([&](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    co_await start(writer);
    const std::string piece(256 * 1024, 'x');
    Status written;
    for (int i = 0; i < 1'000 && written; ++i) {
      if (i == 1) is_writing.set_value();
      written = co_await writer.write(piece);
    }
    ended_with.set_value(code_of(written));
  });
  auto connection = RawConnection::with_small_buffer_to(server.port());
  connection.send(kGet);
  value_of(is_writing);
  connection.close();
  EXPECT_EQ(value_of(ended_with), ErrorCode::kCancelled);
}

TEST(SlowReader, HoldsItsHandlerBackAndIsCut) {
  ServerOptions options;
  options.write_timeout = milliseconds(100);
  std::promise<ErrorCode> ended_with;
  std::atomic<int> pieces_written{0};
  const TestServer server(
      [&](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
        co_await start(writer);
        const std::string piece(256 * 1024, 'x');
        Status written;
        for (int i = 0; i < 1'000 && written; ++i) {
          written = co_await writer.write(piece);
          ++pieces_written;
        }
        ended_with.set_value(code_of(written));
      },
      options);
  auto connection = RawConnection::with_small_buffer_to(server.port());
  connection.send(kGet);
  EXPECT_EQ(value_of(ended_with), ErrorCode::kDeadlineExceeded);
  EXPECT_LT(pieces_written, 100);  // The rest would be 225 MB in somebody's memory.
}

TEST(SlowReader, GetsEverythingAsLongAsItReads) {
  const TestServer server([&](Request&, ResponseWriter& writer) -> asio::awaitable<void> {
    Response response;
    response.body.assign(8'000'000, 'x');
    const auto sent = co_await writer.send(std::move(response));
    static_cast<void>(sent);
  });
  auto connection = RawConnection::with_small_buffer_to(server.port());
  connection.send(kGet);
  EXPECT_EQ(connection.read_answer().body.size(), 8'000'000U);
}

// --- deadlines ---

TEST(Deadline, Answers408WhenAHeaderDoesNotArrive) {
  ServerOptions options;
  options.header_timeout = milliseconds(30);
  const TestServer server(echo, options);
  auto connection = server.connect();
  connection.send("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(connection.read_answer().status, 408);
}

TEST(Deadline, Answers408WhenABodyDoesNotArrive) {
  ServerOptions options;
  options.body_timeout = milliseconds(30);
  const TestServer server(echo, options);
  auto connection = server.connect();
  connection.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(connection.read_answer().status, 408);
}

TEST(Deadline, Answers408WhenAChunkDoesNotArrive) {
  ServerOptions options;
  options.body_timeout = milliseconds(30);
  const TestServer server(echo, options);
  auto connection = server.connect();
  connection.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
  EXPECT_EQ(connection.read_answer().status, 408);
}

TEST(Deadline, Answers408WhenABodyTrickles) {
  ServerOptions options;
  options.body_timeout = milliseconds(30);
  options.body_bytes_per_second_min = 1'000'000'000;  // No loop over single bytes is that fast.
  const TestServer server(echo, options);
  auto connection = server.connect();
  connection.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  for (int sent = 0; !connection.has_input() && sent < 999'999 && connection.send("a"); ++sent) {
  }
  EXPECT_EQ(connection.read_answer().status, 408);
}

TEST(Deadline, ClosesAnIdleConnectionWithoutAWord) {
  ServerOptions options;
  options.idle_timeout = milliseconds(30);
  TestServer server(TestServer::kNotStarted, echo, options);
  auto connection = server.connect();
  connection.send(kGet);
  server.server().start();
  EXPECT_EQ(connection.read_answer().status, 200);
  EXPECT_TRUE(connection.is_closed_by_peer());
}

TEST(Deadline, DoesNotConcernAHandlerThatTakesItsTime) {
  ServerOptions options;
  options.idle_timeout = options.header_timeout = options.body_timeout = milliseconds(20);
  TestServer server(
      TestServer::kNotStarted,
      [](Request& request, ResponseWriter& writer) -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, milliseconds(100));
        const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        EXPECT_FALSE(error);
        co_await echo(request, writer);
      },
      options);
  auto connection = server.connect();
  connection.send(post("a"));
  server.server().start();
  EXPECT_EQ(connection.read_answer().body, "a");
}

// --- life of the server ---

TEST(Server, TurnsConnectionsAwayBeyondItsLimit) {
  ServerOptions options;
  options.connections_max = 1;
  const TestServer server(echo, options);
  auto first = server.connect();
  first.send(kGet);
  EXPECT_EQ(first.read_answer().status, 200);
  auto second = server.connect();
  EXPECT_EQ(second.read_answer().status, 503);
  EXPECT_TRUE(second.is_closed_by_peer());
}

TEST(Server, SaysWhichAddressItCannotListenOn) {
  const TestServer server(echo);
  NullLog log;
  FunctionHandler handler(echo);
  IoThreads threads(1);
  Server other(threads, handler, log, {});
  const auto address = "127.0.0.1:" + std::to_string(server.port());
  const auto listening = other.listen(address);
  ASSERT_FALSE(listening.has_value());
  EXPECT_EQ(listening.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(listening.error().message, "cannot listen on " + address + ": Address already in use");
  EXPECT_FALSE(other.listen("localhost").has_value());
  EXPECT_FALSE(other.listen("127.0.0.1:99999").has_value());
  EXPECT_FALSE(other.listen("::1:80").has_value());
}

TEST(Drain, ClosesIdleConnectionsAndAcceptsNoMore) {
  TestServer server(echo);
  auto connection = server.connect();
  connection.send(kGet);
  EXPECT_EQ(connection.read_answer().status, 200);
  server.server().drain();
  EXPECT_TRUE(connection.is_closed_by_peer());
}

TEST(Drain, LetsABusyConnectionFinishAndSaysClose) {
  std::promise<void> is_waiting;
  Gate gate;
  TestServer server([&](Request& request, ResponseWriter& writer) -> asio::awaitable<void> {
    is_waiting.set_value();
    co_await gate.pass();
    co_await echo(request, writer);
  });
  auto connection = server.connect();
  connection.send(post("a"));
  value_of(is_waiting);
  server.server().drain();
  // Both threads have seen the drain when a coroutine posted after it has run.
  for (std::size_t i = 0; i < 2; ++i) {
    asio::post(server.threads().executor(i), asio::use_future).wait();
  }
  gate.open();
  const auto answer = connection.read_answer();
  EXPECT_EQ(answer.body, "a");
  EXPECT_TRUE(answer.has("connection: close"));
  EXPECT_TRUE(connection.is_closed_by_peer());
}

TEST(CloseAll, CancelsHandlersAndClosesConnections) {
  std::promise<void> is_waiting;
  std::promise<void> was_released;
  TestServer server([&](Request&, ResponseWriter&) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    is_waiting.set_value();
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) was_released.set_value();
  });
  auto connection = server.connect();
  connection.send(kGet);
  value_of(is_waiting);
  server.server().close_all();
  value_of(was_released);
  EXPECT_TRUE(connection.is_closed_by_peer());
}

TEST(ServerDestructor, WaitsForTheHandlersItCancels) {
  std::promise<void> is_waiting;
  std::atomic<bool> has_returned{false};
  TestServer server([&](Request&, ResponseWriter&) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    is_waiting.set_value();
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    has_returned = static_cast<bool>(error);
  });
  auto connection = server.connect();
  connection.send(kGet);
  value_of(is_waiting);
  server.destroy_server();
  EXPECT_TRUE(has_returned);
}

TEST(IoThreads, DestroyWaitingHandlersWhenTheyAreStoppedFirst) {
  struct Mark {
    std::atomic<bool>& is_gone;
    ~Mark() { is_gone = true; }
  };
  std::promise<void> is_waiting;
  std::atomic<bool> is_gone{false};
  TestServer server([&](Request&, ResponseWriter&) -> asio::awaitable<void> {
    const Mark mark{is_gone};
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    is_waiting.set_value();
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(error);
  });
  auto busy = server.connect();
  auto idle = server.connect();
  busy.send(kGet);
  value_of(is_waiting);
  server.threads().stop();
  EXPECT_TRUE(is_gone);
}

}  // namespace
}  // namespace ringmaster::http
