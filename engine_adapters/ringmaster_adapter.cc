#include "engine_adapters/ringmaster_adapter.h"

#include <utility>

#include "engine_adapters/kv_event_stream.h"
#include "engine_adapters/load_report.h"
#include "engine_adapters/probe_request.h"
#include "http/sse.h"

namespace ringmaster {
namespace {

enum class StreamEnd { kBroken, kGap };

tl::unexpected<Error> bad_stream(std::string message) {
  return fail(ErrorCode::kInternal, ErrorOrigin::kInstance, std::move(message));
}

/// Applies every complete event in `reader`. `expects_gap`: the engine was already asked for what
/// is missing, so a batch behind a gap is taken as it is.
Result<bool> apply_events(http::SseReader& reader, KvEventStream& stream, bool& expects_gap) {
  for (;;) {
    const auto event = reader.next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) return true;
    if ((*event)->data.empty()) continue;
    const auto step = stream.apply((*event)->data);
    if (!step) return tl::unexpected(step.error());
    if (*step == KvEventStream::Step::kGap) {
      if (!expects_gap) return false;
      if (auto lost = stream.apply_after_loss((*event)->data); !lost) {
        return tl::unexpected(lost.error());
      }
    }
    expects_gap = false;
  }
}

/// Reads the stream from the sink's place until it breaks or a gap shows.
asio::awaitable<Result<StreamEnd>> read_stream(const EngineLink& link, KvEventSink& sink,
                                               bool expects_gap) {
  http::RequestHead head;
  head.method = "GET";
  head.target = "/kv_events?from=" + std::to_string(sink.place.next);
  if (!sink.place.epoch.empty()) head.target += "&epoch=" + sink.place.epoch;
  head.fields.add("accept", "text/event-stream");
  // No idle limit: an engine without work has nothing to say. A lost one shows in its probes.
  const http::Deadlines deadlines{.connect = link.timeout, .first_byte = link.timeout};
  auto exchange = co_await link.client->send(link.endpoint, head, {}, deadlines);
  if (!exchange) co_return tl::unexpected(std::move(exchange.error()));
  if ((*exchange)->head().status == 404) {
    co_return fail(ErrorCode::kNotFound, ErrorOrigin::kInstance, "no route /kv_events");
  }
  if ((*exchange)->head().status != 200) {
    co_return bad_stream("GET /kv_events answered " + std::to_string((*exchange)->head().status));
  }
  http::SseReader reader;
  KvEventStream stream(sink);
  for (;;) {
    const auto bytes = co_await (*exchange)->read_some();
    if (!bytes) co_return tl::unexpected(bytes.error());
    if (bytes->empty()) co_return StreamEnd::kBroken;
    reader.feed(*bytes);
    const auto goes_on = apply_events(reader, stream, expects_gap);
    if (!goes_on) co_return tl::unexpected(goes_on.error());
    if (!*goes_on) co_return StreamEnd::kGap;
  }
}

}  // namespace

AdapterCapabilities RingmasterAdapter::capabilities() const {
  return {.reports_load = true, .streams_kv_events = true, .chains_as_we_do = true};
}

asio::awaitable<Result<EngineReport>> RingmasterAdapter::read_report(const EngineLink& link) const {
  auto answer = co_await probe_request(link, "/load");
  if (!answer) co_return tl::unexpected(std::move(answer.error()));
  if (answer->status != 200) {
    co_return fail(ErrorCode::kNotFound, ErrorOrigin::kInstance,
                   "GET /load answered " + std::to_string(answer->status));
  }
  co_return parse_load_report(answer->body);
}

asio::awaitable<Status> RingmasterAdapter::follow_kv_events(const EngineLink& link,
                                                            KvEventSink& sink) const {
  // A gap is asked for once, from the place before it; if it is still there, it is a loss.
  bool expects_gap = false;
  for (;;) {
    const auto end = co_await read_stream(link, sink, expects_gap);
    if (!end) co_return tl::unexpected(end.error());
    if (*end == StreamEnd::kBroken) co_return bad_stream("the stream of KV events ended");
    expects_gap = true;
  }
}

}  // namespace ringmaster
