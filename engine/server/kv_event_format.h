#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/kv_events.h"
#include "tokens/block_hash.h"

namespace ringmaster::engine {

/// One batch as a server-sent event:
/// data: {"epoch":E,"sequence":S,"events":[{"type":"stored","blocks":["<32 hex digits>",...]},...]}
/// Events of blocks in host memory have "medium":"host"; others have no medium.
[[nodiscard]] std::string kv_batch_event(std::uint64_t epoch, const KvEventBatch& batch);

/// Blocks in one server-sent event of a snapshot: 280 KB of text.
inline constexpr std::size_t kSnapshotBlocksPerEvent = 8192;

/// All blocks of a cache as of a sequence, as server-sent events of bounded size: the first of type
/// "snapshot", further ones of type "stored", those of the host tier last and with their medium.
/// All have that sequence, and "more", the number of those that still follow (left out where none
/// does).
[[nodiscard]] std::vector<std::string> kv_snapshot_events(
    std::uint64_t epoch, std::uint64_t sequence, std::span<const BlockHash> blocks,
    std::span<const BlockHash> host_blocks = {});

}  // namespace ringmaster::engine
