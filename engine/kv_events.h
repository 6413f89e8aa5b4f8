#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "tokens/block_hash.h"

namespace ringmaster::engine {

/// Where the content of a block is: a block is on one of them, never on both.
enum class KvMedium { kDevice, kHost };

/// What happened to the prefix cache. Within a stored event parents come before children.
struct KvEvent {
  enum class Type { kStored, kRemoved, kCleared };
  Type type = Type::kStored;
  KvMedium medium = KvMedium::kDevice;  ///< Of kStored and kRemoved; kCleared means both.
  std::vector<BlockHash> blocks;        ///< Empty for kCleared.
  bool operator==(const KvEvent&) const = default;
};

/// The net change of one step. Sequences count up from 1 without gaps. What was removed comes
/// before what was stored, so that who applies the events in order and minds no medium knows what
/// the instance has: a block that moved is stored last.
struct KvEventBatch {
  std::uint64_t sequence = 0;
  std::vector<KvEvent> events;
  bool operator==(const KvEventBatch&) const = default;
};

/// The last batches of changes of a prefix cache, so that a reader that lost some can catch up.
///
/// Changes are noted one by one and committed once a step; a block that was stored and removed
/// on one medium within one batch (or removed and stored again) leaves no trace in it. `epoch`
/// tells one life of the cache from the next: sequences of different epochs do not compare. Not
/// thread-safe.
class KvEventLog {
 public:
  /// Requires: batches_max > 0.
  KvEventLog(std::uint64_t epoch, std::size_t batches_max);

  void note_stored(const BlockHash& block, KvMedium medium = KvMedium::kDevice) {
    changes_.push_back({block, medium, +1});
  }
  void note_removed(const BlockHash& block, KvMedium medium = KvMedium::kDevice) {
    changes_.push_back({block, medium, -1});
  }
  /// Forgets what was noted before it in this batch: nothing of that is left.
  void note_cleared();

  /// Ends the batch. True if it changed anything and so became a batch with a sequence.
  bool commit();

  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// Of the batch committed last; 0 before the first.
  [[nodiscard]] std::uint64_t last_sequence() const { return last_sequence_; }

  /// True if every batch from `sequence` on is still here (also if it is the very next one).
  [[nodiscard]] bool can_replay_from(std::uint64_t sequence) const;

  /// The batches from `sequence` on. Requires: can_replay_from(sequence).
  [[nodiscard]] std::vector<KvEventBatch> replay_from(std::uint64_t sequence) const;

  /// The batch committed last. Requires: last_sequence() > 0.
  [[nodiscard]] const KvEventBatch& last() const { return batches_.back(); }

 private:
  struct Change {
    BlockHash block;
    KvMedium medium;
    int direction;
  };

  struct Net {
    BlockHash block;
    int directions[2] = {0, 0};  // By medium.
    bool is_used = false;
  };

  /// The sum of the directions of a block on a medium in this batch; 0 where it is new.
  [[nodiscard]] int& net_of(const Change& change);
  void append_net(KvEvent::Type type, KvMedium medium, KvEventBatch& batch);

  std::uint64_t epoch_;
  std::size_t batches_max_;
  std::uint64_t last_sequence_ = 0;
  std::deque<KvEventBatch> batches_;
  std::vector<Change> changes_;
  std::vector<Net> net_;  // Open addressing with linear probing; a commit's own, keeps its memory.
  bool is_cleared_ = false;
};

}  // namespace ringmaster::engine
