#include "scheduler/timer_heap.h"

#include "base/check.h"

namespace ringmaster {

void TimerHeap::set(std::uint32_t key, TimePoint at) {
  cancel(key);
  if (key >= places_.size()) places_.resize(key + 1, kNowhere);
  const Timer timer{.at = at, .sequence = next_sequence_++, .key = key};
  heap_.push_back(timer);
  sift_up(static_cast<std::uint32_t>(heap_.size() - 1), timer);
}

void TimerHeap::cancel(std::uint32_t key) {
  if (key < places_.size() && places_[key] != kNowhere) remove_at(places_[key]);
}

std::uint32_t TimerHeap::pop() {
  RINGMASTER_CHECK(!heap_.empty());
  const std::uint32_t key = heap_.front().key;
  remove_at(0);
  return key;
}

void TimerHeap::remove_at(std::uint32_t place) {
  places_[heap_[place].key] = kNowhere;
  const Timer last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  if (place > 0 && precedes(last, heap_[(place - 1) / 2])) {
    sift_up(place, last);
  } else {
    sift_down(place, last);
  }
}

void TimerHeap::put(std::uint32_t place, const Timer& timer) {
  heap_[place] = timer;
  places_[timer.key] = place;
}

void TimerHeap::sift_up(std::uint32_t place, const Timer& timer) {
  while (place > 0 && precedes(timer, heap_[(place - 1) / 2])) {
    put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(place, timer);
}

void TimerHeap::sift_down(std::uint32_t place, const Timer& timer) {
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (std::uint32_t child = 2 * place + 1; child < size; child = 2 * place + 1) {
    if (child + 1 < size && precedes(heap_[child + 1], heap_[child])) ++child;
    if (!precedes(heap_[child], timer)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, timer);
}

}  // namespace ringmaster
