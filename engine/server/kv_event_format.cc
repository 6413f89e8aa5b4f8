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

void append_event(std::string& out, std::string_view type, KvMedium medium,
                  std::span<const BlockHash> blocks) {
  ((out += R"({"type":")") += type) += '"';
  if (medium == KvMedium::kHost) out += R"(,"medium":"host")";
  out += R"(,"blocks":[)";
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

/// Events that so many blocks of a snapshot take.
std::size_t parts_of(std::size_t blocks) {
  return (blocks + kSnapshotBlocksPerEvent - 1) / kSnapshotBlocksPerEvent;
}

}  // namespace

std::string kv_batch_event(std::uint64_t epoch, const KvEventBatch& batch) {
  std::size_t blocks = 0;
  for (const KvEvent& event : batch.events) blocks += event.blocks.size();
  std::string out = open_event(epoch, batch.sequence, blocks);
  for (const KvEvent& event : batch.events) {
    if (&event != &batch.events.front()) out += ',';
    append_event(out, type_name(event.type), event.medium, event.blocks);
  }
  return out += "]}\n\n";
}

std::vector<std::string> kv_snapshot_events(std::uint64_t epoch, std::uint64_t sequence,
                                            std::span<const BlockHash> blocks,
                                            std::span<const BlockHash> host_blocks) {
  std::vector<std::string> texts;
  const auto append = [&](std::string_view type, KvMedium medium,
                          std::span<const BlockHash>& rest) {
    const auto part = rest.first(std::min(rest.size(), kSnapshotBlocksPerEvent));
    rest = rest.subspan(part.size());
    std::string text = open_event(epoch, sequence, part.size());
    append_event(text, type, medium, part);
    const auto more = parts_of(blocks.size()) + parts_of(host_blocks.size());
    text += more == 0 ? "]}\n\n" : "],\"more\":" + std::to_string(more) + "}\n\n";
    texts.push_back(std::move(text));
  };
  append("snapshot", KvMedium::kDevice, blocks);
  while (!blocks.empty()) append("stored", KvMedium::kDevice, blocks);
  while (!host_blocks.empty()) append("stored", KvMedium::kHost, host_blocks);
  return texts;
}

}  // namespace ringmaster::engine
