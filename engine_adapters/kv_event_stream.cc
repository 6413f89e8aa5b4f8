#include "engine_adapters/kv_event_stream.h"

#include <algorithm>
#include <utility>

#include <simdjson.h>

namespace ringmaster {
namespace {

constexpr std::size_t kEpochBytesMax = 64;

enum class Kind { kStored, kRemoved, kCleared, kSnapshot };

struct KvEvent {
  Kind kind = Kind::kCleared;
  std::vector<BlockHash> blocks;
};

struct Batch {
  std::string epoch;
  std::uint64_t sequence = 0;
  std::vector<KvEvent> events;
  bool has_snapshot = false;
  std::uint64_t more = 0;  ///< Parts of the snapshot that still follow.
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<Kind> kind_of(std::string_view type) {
  if (type == "stored") return Kind::kStored;
  if (type == "removed") return Kind::kRemoved;
  if (type == "cleared") return Kind::kCleared;
  if (type == "snapshot") return Kind::kSnapshot;
  return invalid("kv events: \"type\" must be stored, removed, cleared or snapshot, is \"" +
                 std::string(type.substr(0, 40)) + "\"");
}

Result<std::vector<BlockHash>> read_blocks(const simdjson::dom::element& event,
                                           std::size_t blocks_left) {
  std::vector<BlockHash> blocks;
  simdjson::dom::array list;
  if (event["blocks"].get(list) != simdjson::SUCCESS) {
    return invalid("kv events: an event must have a list \"blocks\"");
  }
  if (list.size() > blocks_left) return invalid("kv events: too many blocks in one batch");
  blocks.reserve(list.size());
  for (const auto item : list) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return invalid("kv events: a block must be text");
    auto hash = parse_block_hash(text);
    if (!hash) return tl::unexpected(hash.error());
    blocks.push_back(*hash);
  }
  return blocks;
}

Result<KvEvent> read_event(const simdjson::dom::element& event, std::size_t blocks_left) {
  std::string_view type;
  if (event["type"].get(type) != simdjson::SUCCESS) {
    return invalid("kv events: an event must have a text \"type\"");
  }
  const auto kind = kind_of(type);
  if (!kind) return tl::unexpected(kind.error());
  if (*kind == Kind::kCleared) return KvEvent{.kind = *kind};
  auto blocks = read_blocks(event, blocks_left);
  if (!blocks) return tl::unexpected(blocks.error());
  return KvEvent{.kind = *kind, .blocks = std::move(*blocks)};
}

/// A count or a text without characters that a query would have to escape; else empty.
std::string read_epoch(const simdjson::dom::element& root) {
  std::uint64_t number = 0;
  if (root["epoch"].get(number) == simdjson::SUCCESS) return std::to_string(number);
  std::string_view text;
  if (root["epoch"].get(text) != simdjson::SUCCESS || text.size() > kEpochBytesMax) return {};
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  };
  return std::all_of(text.begin(), text.end(), is_plain) ? std::string(text) : std::string();
}

Result<Batch> read_batch(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  // An event without data has no bytes to point at, which the parser must not be given.
  if (json.empty() || parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return invalid("kv events: a batch must be JSON");
  }
  Batch batch;
  batch.epoch = read_epoch(root);
  if (batch.epoch.empty()) {
    return invalid("kv events: a batch must have an \"epoch\", a number or a plain text");
  }
  if (root["sequence"].get(batch.sequence) != simdjson::SUCCESS) {
    return invalid("kv events: a batch must have a count \"sequence\"");
  }
  if (root["more"].get(batch.more) == simdjson::INCORRECT_TYPE) {
    return invalid("kv events: \"more\" must be a count");
  }
  simdjson::dom::array events;
  if (root["events"].get(events) != simdjson::SUCCESS) {
    return invalid("kv events: a batch must have a list \"events\"");
  }
  std::size_t blocks_left = KvEventStream::kBlocksMax;
  for (const auto item : events) {
    auto event = read_event(item, blocks_left);
    if (!event) return tl::unexpected(event.error());
    blocks_left -= event->blocks.size();
    batch.has_snapshot = batch.has_snapshot || event->kind == Kind::kSnapshot;
    batch.events.push_back(std::move(*event));
  }
  return batch;
}

void feed(Batch batch, KvEventSink& sink) {
  for (auto& event : batch.events) {
    switch (event.kind) {
      case Kind::kStored:
        sink.stored(std::move(event.blocks));
        break;
      case Kind::kRemoved:
        sink.removed(std::move(event.blocks));
        break;
      case Kind::kCleared:
        sink.cleared();
        break;
      case Kind::kSnapshot:
        sink.cleared();
        if (!event.blocks.empty()) sink.stored(std::move(event.blocks));
        break;
    }
  }
}

}  // namespace

Result<BlockHash> parse_block_hash(std::string_view hex) {
  if (hex.size() != 32) return invalid("kv events: a block must be 32 hex digits");
  std::uint64_t halves[2] = {0, 0};
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const int digit = hex_digit(hex[i]);
    if (digit < 0) return invalid("kv events: a block must be 32 hex digits");
    halves[i / 16] = halves[i / 16] << 4U | static_cast<std::uint64_t>(digit);
  }
  return BlockHash{.low = halves[1], .high = halves[0]};
}

Result<KvEventStream::Step> KvEventStream::apply(std::string_view json) {
  auto batch = read_batch(json);
  if (!batch) return tl::unexpected(batch.error());
  const KvEventSink::Place behind{.epoch = batch->epoch, .next = batch->sequence + 1};
  if (parts_left_ > 0 && !batch->has_snapshot) {
    if (behind != snapshot_end_ || batch->more + 1 != parts_left_) {
      return invalid("kv events: a snapshot broke off before its last " +
                     std::to_string(parts_left_) + " parts");
    }
  } else {
    auto& place = sink_->place;
    if (batch->epoch != place.epoch) {
      // Another life of the engine: whatever was known of the last one is gone.
      if (!place.epoch.empty()) sink_->cleared();
      place = {.epoch = batch->epoch, .next = 0};
    }
    if (!batch->has_snapshot) {
      if (batch->sequence < place.next) return Step::kRepeated;
      if (batch->sequence > place.next) return Step::kGap;
      batch->more = 0;
    }
  }
  // Within a snapshot the place is nowhere: should the stream break, the next one starts anew.
  parts_left_ = batch->more;
  snapshot_end_ = behind;
  sink_->place = parts_left_ == 0 ? behind : KvEventSink::Place{};
  feed(std::move(*batch), *sink_);
  return Step::kApplied;
}

Status KvEventStream::apply_after_loss(std::string_view json) {
  auto batch = read_batch(json);
  if (!batch) return tl::unexpected(batch.error());
  sink_->cleared();
  parts_left_ = 0;
  sink_->place = {.epoch = batch->epoch, .next = batch->sequence + 1};
  feed(std::move(*batch), *sink_);
  return {};
}

}  // namespace ringmaster
