#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine_adapters/kv_event_sink.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// Reads the bundled engine's stream of KV events and keeps the place in it.
///
/// One batch is the data of one server-sent event:
///   {"epoch":N or "...","sequence":N,"events":[{"type":"stored","blocks":["<32 hex
///   digits>",...]},...]}
/// with the types stored, removed, cleared and snapshot (all that is resident, after a gap). A
/// batch is checked whole before the sink sees any of it. A large snapshot comes in parts: the
/// first replaces what was known, further ones of type stored add to it, all under one sequence
/// and with "more", the number of parts to come.
class KvEventStream {
 public:
  /// What became of a batch.
  enum class Step : std::uint8_t {
    kApplied,
    kRepeated,  ///< An old sequence number; nothing was done.
    kGap,       ///< Batches are missing: ask again from sink.place.next. Nothing was done.
  };

  /// Blocks of one batch at most; a larger one is refused. The engine sends 8,192 at a time.
  static constexpr std::size_t kBlocksMax = 1'000'000;

  /// `sink` outlives the stream.
  explicit KvEventStream(KvEventSink& sink) : sink_(&sink) {}

  /// Applies one batch. A new epoch clears the sink first. Fails with kInvalidArgument and the
  /// field at fault.
  [[nodiscard]] Result<Step> apply(std::string_view json);

  /// Applies a batch behind a gap that the engine cannot fill: what was known is cleared and the
  /// place is behind this batch. Fails as apply() does.
  [[nodiscard]] Status apply_after_loss(std::string_view json);

 private:
  KvEventSink* sink_;
  std::uint64_t parts_left_ = 0;     ///< Of the snapshot that is being read.
  KvEventSink::Place snapshot_end_;  ///< Where its last part leads.
};

/// Reads 32 hex digits, the high half first. Fails with kInvalidArgument.
[[nodiscard]] Result<BlockHash> parse_block_hash(std::string_view hex);

}  // namespace ringmaster
