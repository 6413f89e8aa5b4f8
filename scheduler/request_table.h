#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/clock.h"
#include "fleet/home_rings.h"
#include "fleet/instance.h"
#include "fleet/request.h"

namespace ringmaster {

enum class RequestPhase : std::uint8_t { kHeld, kPrefilling, kDecoding };

/// A request that the scheduler follows, from its arrival to its end.
struct RequestRecord {
  static constexpr std::uint32_t kAttemptsMax = 16;

  RequestSpec spec;
  std::uint32_t index = 0;  ///< Of this record in its table; stable while it lives.
  bool is_live = false;
  RequestPhase phase = RequestPhase::kHeld;
  bool is_retry = false;            ///< Counts against the retry budget.
  std::uint32_t attempt = 0;        ///< Of the last dispatch; 0 before the first.
  InstanceId instance;              ///< Where it is held or was sent.
  Homes homes;                      ///< Where it may be moved while it is held.
  std::uint32_t booked_tokens = 0;  ///< Uncached tokens, as booked on the instance.
  std::uint32_t cached_tokens = 0;  ///< Expected there.
  /// Blocks that the mirror said were there, when it was sent and still when it was prefilled; 0
  /// where there is no mirror.
  std::uint32_t believed_blocks = 0;
  std::uint64_t tokens_at_dispatch = 0;  ///< Uncached, at the instance, its own among them.
  std::int64_t queue_rank = 0;           ///< By the queue's order when it was queued: frozen.
  std::uint64_t decision = 0;
  std::uint64_t explanation = 0;  ///< Of its last decision; 0: not explained.
  TimePoint arrived_at{};
  TimePoint dispatched_at{};
  TimePoint queue_deadline{};
  std::array<InstanceId, kAttemptsMax> tried_instances{};
  std::uint32_t tried_count = 0;

  [[nodiscard]] std::span<const InstanceId> tried() const {
    return std::span(tried_instances).first(tried_count);
  }
  void add_tried(InstanceId tried_instance) {
    if (tried_count < kAttemptsMax) tried_instances[tried_count++] = tried_instance;
  }
};

/// The live requests by id. Records keep their place in memory while they live and are used again
/// afterwards, so that a request costs no allocation of its own.
class RequestTable {
 public:
  RequestTable();

  /// Null if it is not live.
  [[nodiscard]] RequestRecord* find(RequestId id);

  /// A fresh record with this spec. Requires: its id is not live.
  RequestRecord& insert(RequestSpec spec);

  void erase(RequestRecord& record);

  [[nodiscard]] RequestRecord& at(std::uint32_t index) { return records_[index]; }
  [[nodiscard]] const RequestRecord& at(std::uint32_t index) const { return records_[index]; }
  [[nodiscard]] std::uint32_t size() const { return size_; }

  /// Indices of the live records that satisfy the condition, by request id. O(records).
  template <class Condition>
  [[nodiscard]] std::vector<std::uint32_t> select(const Condition& condition) const {
    std::vector<std::uint32_t> found;
    for (const RequestRecord& record : records_) {
      if (record.is_live && condition(record)) found.push_back(record.index);
    }
    sort_by_id(found);
    return found;
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xffff'ffff;

  [[nodiscard]] std::size_t home_of(RequestId id) const;
  [[nodiscard]] std::size_t slot_of(RequestId id) const;
  void grow();
  void sort_by_id(std::vector<std::uint32_t>& indices) const;

  std::vector<std::uint32_t> slots_;  ///< Open addressing; indices of records.
  unsigned shift_ = 0;
  std::deque<RequestRecord> records_;
  std::vector<std::uint32_t> free_;
  std::uint32_t size_ = 0;
};

}  // namespace ringmaster
