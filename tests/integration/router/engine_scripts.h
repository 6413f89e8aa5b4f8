#pragma once

#include <string>
#include <utility>

#include "tests/integration/router/fake_engine.h"

namespace ringmaster::testing {

// How an engine may behave. Each is a script of a FakeEngine.

/// A whole JSON answer that names the engine.
inline FakeEngine::Script answers(std::string body, int status = 200) {
  return [body = std::move(body), status](FakeEngine&, http::Request&,
                                          http::ResponseWriter& writer) -> asio::awaitable<void> {
    auto answer = http::json_response(status, body);
    answer.fields.add("x-engine", "fake");
    (void)co_await writer.send(std::move(answer));
  };
}

/// Two tokens, usage and the sentinel.
inline FakeEngine::Script streams() {
  return [](FakeEngine&, http::Request&, http::ResponseWriter& writer) -> asio::awaitable<void> {
    (void)co_await writer.start(stream_head());
    const auto all = chunk("a") + chunk("b") + kFinish + kUsage + kDone;
    (void)co_await writer.write(all);
    (void)co_await writer.finish();
  };
}

/// One token, then nothing until the gate opens, then the rest.
inline FakeEngine::Script streams_behind_gate() {
  return
      [](FakeEngine& self, http::Request&, http::ResponseWriter& writer) -> asio::awaitable<void> {
        (void)co_await writer.start(stream_head());
        const auto first = chunk("first");
        (void)co_await writer.write(first);
        co_await self.gate.wait();
        const auto rest = chunk("last") + kFinish + kDone;
        (void)co_await writer.write(rest);
        (void)co_await writer.finish();
      };
}

/// No byte before the gate opens.
inline FakeEngine::Script prefills_behind_gate() {
  return
      [](FakeEngine& self, http::Request&, http::ResponseWriter& writer) -> asio::awaitable<void> {
        co_await self.gate.wait();
        (void)co_await writer.start(stream_head());
        const auto all = chunk("late") + kFinish + kDone;
        (void)co_await writer.write(all);
        (void)co_await writer.finish();
      };
}

/// Writes `bytes` of a stream, waits for the gate, and cuts the connection.
inline FakeEngine::Script breaks_after(std::string bytes) {
  return [bytes = std::move(bytes)](FakeEngine& self, http::Request&,
                                    http::ResponseWriter& writer) -> asio::awaitable<void> {
    (void)co_await writer.start(stream_head());
    if (!bytes.empty()) (void)co_await writer.write(bytes);
    co_await self.gate.wait();
  };
}

/// Writes `bytes` of a stream and ends it in good form.
inline FakeEngine::Script ends_after(std::string bytes) {
  return [bytes = std::move(bytes)](FakeEngine&, http::Request&,
                                    http::ResponseWriter& writer) -> asio::awaitable<void> {
    (void)co_await writer.start(stream_head());
    (void)co_await writer.write(bytes);
    (void)co_await writer.finish();
  };
}

}  // namespace ringmaster::testing
