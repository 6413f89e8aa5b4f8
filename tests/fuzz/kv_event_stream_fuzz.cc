// fuzz: engine_adapters
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "engine_adapters/kv_event_stream.h"
#include "http/sse.h"

namespace {

struct Counting final : ringmaster::KvEventSink {
  std::size_t calls = 0;
  void stored(std::vector<ringmaster::BlockHash> blocks) override { calls += 1 + blocks.size(); }
  void removed(std::vector<ringmaster::BlockHash> blocks) override { calls += 1 + blocks.size(); }
  void cleared() override { ++calls; }
};

}  // namespace

// Any stream of events must be applied, refused with a reason, or change nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringmaster;
  Counting sink;
  KvEventStream stream(sink);
  http::SseReader reader(64 * 1024);
  reader.feed(std::string_view(reinterpret_cast<const char*>(data), size));
  for (auto event = reader.next(); event && *event; event = reader.next()) {
    const auto calls = sink.calls;
    const auto epoch = sink.place.epoch;
    const auto step = stream.apply((*event)->data);
    if (!step && (step.error().message.empty() || sink.calls != calls)) __builtin_trap();
    const bool is_idle = step && *step != KvEventStream::Step::kApplied;
    if (is_idle && sink.place.epoch == epoch && sink.calls != calls) __builtin_trap();
  }
  return 0;
}
