#include "engine/kv_events.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace ringmaster::engine {

KvEventLog::KvEventLog(std::uint64_t epoch, std::size_t batches_max)
    : epoch_(epoch), batches_max_(batches_max) {
  RINGMASTER_CHECK(batches_max > 0);
}

void KvEventLog::note_cleared() {
  changes_.clear();
  is_cleared_ = true;
}

int& KvEventLog::net_of(const Change& change) {
  const std::size_t mask = net_.size() - 1;
  std::size_t slot = change.block.low & mask;
  while (net_[slot].is_used && net_[slot].block != change.block) slot = (slot + 1) & mask;
  net_[slot].block = change.block;
  net_[slot].is_used = true;
  return net_[slot].directions[static_cast<std::size_t>(change.medium)];
}

void KvEventLog::append_net(KvEvent::Type type, KvMedium medium, KvEventBatch& batch) {
  const int sign = type == KvEvent::Type::kStored ? +1 : -1;
  KvEvent event{.type = type, .medium = medium};
  for (const Change& change : changes_) {
    if (change.medium != medium || change.direction != sign) continue;
    int& net = net_of(change);
    if (net * sign <= 0) continue;
    if (event.blocks.empty()) event.blocks.reserve(changes_.size());
    event.blocks.push_back(change.block);
    net = 0;
  }
  if (!event.blocks.empty()) batch.events.push_back(std::move(event));
}

bool KvEventLog::commit() {
  net_.assign(std::bit_ceil(2 * changes_.size() + 1), {});  // At most half full.
  for (const Change& change : changes_) net_of(change) += change.direction;
  KvEventBatch batch{.sequence = last_sequence_ + 1};
  if (std::exchange(is_cleared_, false)) {
    batch.events.push_back({.type = KvEvent::Type::kCleared});
  }
  for (const auto type : {KvEvent::Type::kRemoved, KvEvent::Type::kStored}) {
    for (const auto medium : {KvMedium::kDevice, KvMedium::kHost}) append_net(type, medium, batch);
  }
  changes_.clear();
  if (batch.events.empty()) return false;
  if (batches_.size() == batches_max_) batches_.pop_front();
  batches_.push_back(std::move(batch));
  ++last_sequence_;
  return true;
}

bool KvEventLog::can_replay_from(std::uint64_t sequence) const {
  const std::uint64_t oldest = last_sequence_ + 1 - batches_.size();
  return sequence >= oldest && sequence <= last_sequence_ + 1;
}

std::vector<KvEventBatch> KvEventLog::replay_from(std::uint64_t sequence) const {
  RINGMASTER_CHECK(can_replay_from(sequence));
  const std::uint64_t wanted = last_sequence_ + 1 - sequence;
  return {batches_.end() - static_cast<std::ptrdiff_t>(wanted), batches_.end()};
}

}  // namespace ringmaster::engine
