#include "sim/event_loop.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster::sim {
namespace {

bool is_later(const Occurrence& a, const Occurrence& b) {
  return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
}

}  // namespace

void EventLoop::schedule(TimePoint time, OccurrenceKind kind, std::uint32_t subject) {
  RINGMASTER_CHECK(time >= now_);
  heap_.push_back({time, next_sequence_++, kind, subject});
  std::ranges::push_heap(heap_, is_later);
}

std::optional<Occurrence> EventLoop::next() {
  if (heap_.empty()) return std::nullopt;
  std::ranges::pop_heap(heap_, is_later);
  const Occurrence occurrence = heap_.back();
  heap_.pop_back();
  now_ = occurrence.time;
  return occurrence;
}

}  // namespace ringmaster::sim
