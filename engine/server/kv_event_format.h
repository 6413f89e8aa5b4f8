#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/kv_events.h"
#include "tokens/block_hash.h"

namespace ringmaster::engine {

/// One batch as a server-sent event:
/// data: {"epoch":E,"sequence":S,"events":[{"type":"stored","blocks":["<32 hex digits>",...]},...]}
[[nodiscard]] std::string kv_batch_event(std::uint64_t epoch, const KvEventBatch& batch);

/// All blocks of a cache as of a sequence: one event of type "snapshot".
[[nodiscard]] std::string kv_snapshot_event(std::uint64_t epoch, std::uint64_t sequence,
                                            std::span<const BlockHash> blocks);

}  // namespace ringmaster::engine
