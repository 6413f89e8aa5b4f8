#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "fleet/instance.h"
#include "fleet/request.h"

namespace ringmaster {

/// One instance as a decision saw it.
struct CandidateRecord {
  InstanceId instance;
  std::uint32_t cached_tokens = 0;  ///< Of this prompt, expected in its prefix cache.
  std::uint64_t held_tokens = 0;    ///< Uncached prompt tokens waiting for it in the gateway.
  std::uint64_t sent_tokens = 0;    ///< Sent to it and without a first token yet.
  std::uint32_t running_requests = 0;
  double estimated_ttft_seconds = 0.0;
  double score = 0.0;  ///< The policy's own figure; smaller is better.
};

/// One decision with its inputs.
struct DecisionRecord {
  static constexpr std::size_t kCandidatesMax = 8;

  std::uint64_t id = 0;  ///< 1, 2, ...
  TimePoint time{};
  RequestId request;
  std::uint32_t attempt = 1;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t key_blocks = 0;  ///< Depth of the hash key; 0 where the policy uses none.
  InstanceId chosen;
  std::string_view policy;  ///< Static labels.
  std::string_view reason;
  bool held = false;                        ///< Not dispatched at once.
  bool has_shadow = false;                  ///< Whether a shadow policy was asked.
  bool explained = false;                   ///< Whether it has, or had, a full explanation.
  std::uint32_t candidates_considered = 0;  ///< May exceed what is kept below.
  std::uint32_t candidate_count = 0;
  InstanceId shadow;  ///< What it would have chosen.
  std::array<CandidateRecord, kCandidatesMax> candidates{};
};

/// The last decisions, in a ring of fixed size.
class DecisionLog {
 public:
  explicit DecisionLog(std::size_t size);

  /// Stores the record under the next id and returns that id.
  std::uint64_t add(DecisionRecord record);

  /// The next record, to be filled in place; its id is set and it has no candidates, no shadow and
  /// no explanation, every other field is the oldest record's. Valid until the next add() or
  /// begin().
  DecisionRecord& begin();

  /// Null if the id is too old or not given out yet. Valid until the next add().
  [[nodiscard]] const DecisionRecord* find(std::uint64_t id) const;

  /// At most `limit` records, newest first. Pointers valid until the next add().
  [[nodiscard]] std::vector<const DecisionRecord*> recent(std::size_t limit) const;

 private:
  std::vector<DecisionRecord> records_;
  std::uint64_t next_id_ = 1;
};

/// One instance as the scheduler sees it now, for the admin interface and metrics.
struct InstanceStatus {
  InstanceId id;
  std::string name;
  Health health = Health::kHealthy;
  bool is_draining = false;
  std::uint32_t held_requests = 0;
  std::uint32_t prefilling_requests = 0;  ///< Sent, without a first token yet.
  std::uint32_t decoding_requests = 0;
  std::uint64_t held_tokens = 0;
  std::uint64_t sent_tokens = 0;
  std::uint32_t foreign_requests = 0;  ///< Of others than this gateway; see fleet/foreign_load.h.
  std::uint64_t foreign_tokens = 0;
  std::uint64_t expected_cached_tokens_total = 0;  ///< Over all finished requests.
  std::uint64_t actual_cached_tokens_total = 0;    ///< Over those whose answer said so.
  InstanceReport report;
};

}  // namespace ringmaster
