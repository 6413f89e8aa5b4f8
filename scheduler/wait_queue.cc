#include "scheduler/wait_queue.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace ringmaster {
namespace {

/// Gone items are cleared away once there are this many and they are the greater part.
constexpr std::size_t kGoneItemsMin = 32;

}  // namespace

void WaitQueue::push(const Waiting& waiting) {
  if (empty()) {
    items_.clear();
    head_ = 0;
    oldest_arrival_ = waiting.arrived_at;
    knows_oldest_ = true;
  } else if (waiting.arrived_at < oldest_arrival_) {
    oldest_arrival_ = waiting.arrived_at;
  }
  const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(head_);
  items_.insert(std::upper_bound(begin, items_.end(), waiting, precedes), waiting);
}

void WaitQueue::erase(const Waiting& waiting) {
  const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto found = std::lower_bound(begin, items_.end(), waiting, precedes);
  RINGMASTER_CHECK(found != items_.end() && found->id == waiting.id);
  forget_oldest_if(*found);
  items_.erase(found);
}

void WaitQueue::pop_front() {
  RINGMASTER_CHECK(!empty());
  forget_oldest_if(items_[head_]);
  ++head_;
  if (head_ >= kGoneItemsMin && head_ * 2 > items_.size()) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

std::span<const Waiting> WaitQueue::leading() const {
  const auto all = items();
  if (all.empty() || all.back().priority == all.front().priority) return all;
  const auto end = std::ranges::upper_bound(all, all.front().priority, std::ranges::greater(),
                                            &Waiting::priority);
  return all.first(static_cast<std::size_t>(end - all.begin()));
}

TimePoint WaitQueue::oldest_arrival() const {
  RINGMASTER_CHECK(!empty());
  if (!knows_oldest_) {
    oldest_arrival_ = std::ranges::min(items(), {}, &Waiting::arrived_at).arrived_at;
    knows_oldest_ = true;
  }
  return oldest_arrival_;
}

void WaitQueue::forget_oldest_if(const Waiting& waiting) {
  if (waiting.arrived_at == oldest_arrival_) knows_oldest_ = false;
}

}  // namespace ringmaster
