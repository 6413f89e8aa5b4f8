#include "scheduler/decision_log.h"

#include <algorithm>
#include <cstddef>

#include "base/check.h"

namespace ringmaster {
namespace {

constexpr std::size_t kCacheLine = 64;
/// What a record with two candidates writes.
constexpr std::size_t kBytesOfAPair =
    offsetof(DecisionRecord, candidates) + 2 * sizeof(CandidateRecord);

}  // namespace

DecisionLog::DecisionLog(std::size_t size) : records_(size) {
  RINGMASTER_CHECK(size > 0);
}

std::uint64_t DecisionLog::add(DecisionRecord record) {
  DecisionRecord& next = begin();
  record.id = next.id;
  next = record;
  return next.id;
}

DecisionRecord& DecisionLog::begin() {
  DecisionRecord& record = records_[next_id_ % records_.size()];
  record.id = next_id_++;
  // The record after it was last touched a whole ring ago: have it near by then.
  const auto* next = reinterpret_cast<const char*>(&records_[next_id_ % records_.size()]);
  for (std::size_t offset = 0; offset < kBytesOfAPair; offset += kCacheLine) {
    __builtin_prefetch(next + offset, 1);
  }
  record.candidate_count = 0;
  record.has_shadow = false;
  record.explained = false;
  return record;
}

const DecisionRecord* DecisionLog::find(std::uint64_t id) const {
  const DecisionRecord& record = records_[id % records_.size()];
  return id != 0 && record.id == id ? &record : nullptr;
}

std::vector<const DecisionRecord*> DecisionLog::recent(std::size_t limit) const {
  std::vector<const DecisionRecord*> found;
  const std::uint64_t count = std::min<std::uint64_t>({limit, records_.size(), next_id_ - 1});
  for (std::uint64_t i = 1; i <= count; ++i) found.push_back(find(next_id_ - i));
  return found;
}

}  // namespace ringmaster
