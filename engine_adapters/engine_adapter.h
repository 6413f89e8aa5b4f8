#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "engine_adapters/answer_reader.h"
#include "engine_adapters/kv_event_sink.h"
#include "fleet/instance.h"
#include "http/client.h"
#include "http/message.h"

namespace ringmaster {

namespace asio = boost::asio;

/// What an adapter can learn from its kind of engine. What it cannot is left to the gateway: load
/// by its own accounting, residency by its mirror.
struct AdapterCapabilities {
  bool reports_load = false;       ///< read_load() gives more than an empty report.
  bool streams_kv_events = false;  ///< follow_kv_events() says which blocks are resident.
  bool chains_as_we_do = false;    ///< Its KV events name blocks by our own chain hashes.
};

/// One instance as an adapter sees it. Everything pointed to outlives every call.
struct EngineLink {
  http::Client* client = nullptr;
  http::Endpoint endpoint;
  std::string model;                         ///< As clients and the engine name it.
  std::uint32_t block_tokens = 16;           ///< Of the gateway's chains.
  std::chrono::milliseconds timeout{1'000};  ///< Of a probe or a report.
};

/// How a probe ended.
enum class ProbeVerdict : std::uint8_t {
  kAlive,   ///< Answered and takes requests.
  kSilent,  ///< No answer in time: busy or hung, or we could not ask.
  kFailed,  ///< Refuses, resets, or says that it cannot serve.
};

struct ProbeOutcome {
  ProbeVerdict verdict = ProbeVerdict::kFailed;
  std::string detail;  ///< Why not alive; one line.
};

/// What an instance says of itself. Absent is not zero.
struct EngineReport {
  InstanceReport load;
  std::optional<std::uint32_t> block_tokens;  ///< Of its prefix cache.
};

/// Speaks one kind of engine's protocol beside the plain OpenAI requests that all of them take.
///
/// Stateless: one object serves all instances and threads. Every coroutine ends soon after it is
/// cancelled and never throws. New kinds of engine are new implementations: a transport other than
/// HTTP (a message queue for KV events, say) is the implementation's own affair.
class EngineAdapter {
 public:
  virtual ~EngineAdapter() = default;

  /// As written in the configuration; static.
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual AdapterCapabilities capabilities() const = 0;

  /// Asks whether the instance can serve. Cheap for the engine.
  [[nodiscard]] virtual asio::awaitable<ProbeOutcome> probe(const EngineLink& link) const = 0;

  /// The body of GET /v1/models. Fails with what the client or the engine said.
  [[nodiscard]] virtual asio::awaitable<Result<std::string>> read_models(
      const EngineLink& link) const = 0;

  /// Its present load. Fails with kNotFound where the engine does not tell.
  [[nodiscard]] virtual asio::awaitable<Result<EngineReport>> read_report(
      const EngineLink& link) const = 0;

  /// Feeds `sink` until the stream breaks or the coroutine is cancelled; after a gap that cannot
  /// be replayed, and when the engine has restarted, the sink is cleared first. Called again after
  /// a pause with the same sink, which keeps the place. Fails with kNotFound where there is no
  /// stream.
  [[nodiscard]] virtual asio::awaitable<Status> follow_kv_events(const EngineLink& link,
                                                                 KvEventSink& sink) const = 0;

  /// Sets what the engine wants on a forwarded request (a load sample asked for, say). Called once
  /// per attempt on the same fields, so it replaces and never adds.
  virtual void prepare(const EngineLink& link, http::Fields& fields) const = 0;

  /// A load sample that came with an answer's head, if there is one.
  [[nodiscard]] virtual std::optional<InstanceReport> report_in(
      const http::ResponseHead& head) const = 0;

  /// Reads one answer: first token, usage, end.
  [[nodiscard]] virtual std::unique_ptr<AnswerReader> read_answer() const = 0;

  /// The engine's error body as OpenAI clients expect it: unchanged if it has that form already.
  [[nodiscard]] virtual std::string openai_error(int status, std::string body) const = 0;
};

}  // namespace ringmaster
