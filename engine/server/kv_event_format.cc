#include "engine/server/kv_event_format.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ringmaster::engine {
namespace {

void append_hex(std::string& out, std::uint64_t half) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (unsigned shift = 64; shift > 0; shift -= 4) out += kHex[(half >> (shift - 4)) & 0xfU];
}

void append_event(std::string& out, std::string_view type, std::span<const BlockHash> blocks) {
  ((out += R"({"type":")") += type) += R"(","blocks":[)";
  for (const BlockHash& block : blocks) {
    if (&block != blocks.data()) out += ',';
    out += '"';
    append_hex(out, block.high);
    append_hex(out, block.low);
    out += '"';
  }
  out += "]}";
}

std::string open_event(std::uint64_t epoch, std::uint64_t sequence, std::size_t blocks) {
  std::string out;
  out.reserve(128 + 35 * blocks);
  out += R"(data: {"epoch":)" + std::to_string(epoch) + R"(,"sequence":)" +
         std::to_string(sequence) + R"(,"events":[)";
  return out;
}

std::string_view type_name(KvEvent::Type type) {
  switch (type) {
    case KvEvent::Type::kStored:
      return "stored";
    case KvEvent::Type::kRemoved:
      return "removed";
    default:
      return "cleared";
  }
}

}  // namespace

std::string kv_batch_event(std::uint64_t epoch, const KvEventBatch& batch) {
  std::size_t blocks = 0;
  for (const KvEvent& event : batch.events) blocks += event.blocks.size();
  std::string out = open_event(epoch, batch.sequence, blocks);
  for (const KvEvent& event : batch.events) {
    if (&event != &batch.events.front()) out += ',';
    append_event(out, type_name(event.type), event.blocks);
  }
  return out += "]}\n\n";
}

std::vector<std::string> kv_snapshot_events(std::uint64_t epoch, std::uint64_t sequence,
                                            std::span<const BlockHash> blocks) {
  std::vector<std::string> texts;
  std::string_view type = "snapshot";
  do {
    const auto part = blocks.first(std::min(blocks.size(), kSnapshotBlocksPerEvent));
    blocks = blocks.subspan(part.size());
    std::string text = open_event(epoch, sequence, part.size());
    append_event(text, type, part);
    const auto more = (blocks.size() + kSnapshotBlocksPerEvent - 1) / kSnapshotBlocksPerEvent;
    text += more == 0 ? "]}\n\n" : "],\"more\":" + std::to_string(more) + "}\n\n";
    texts.push_back(std::move(text));
    type = "stored";
  } while (!blocks.empty());
  return texts;
}

}  // namespace ringmaster::engine
