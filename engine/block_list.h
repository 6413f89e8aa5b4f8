#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringmaster::engine {

/// A doubly linked list of some of the numbers 0 to count - 1, each in it at most once. Every
/// operation is O(1); nothing is allocated after construction. Not thread-safe.
class BlockList {
 public:
  static constexpr std::int32_t kNone = -1;

  explicit BlockList(std::int32_t count) : links_(static_cast<std::size_t>(count)) {}

  [[nodiscard]] std::int32_t front() const { return front_; }  ///< kNone if empty.
  [[nodiscard]] std::int32_t size() const { return size_; }

  /// Requires, as push_back(): `id` is not in the list.
  void push_front(std::int32_t id) {
    at(id) = {.previous = kNone, .next = front_};
    (front_ == kNone ? back_ : at(front_).previous) = id;
    front_ = id;
    ++size_;
  }
  void push_back(std::int32_t id) {
    at(id) = {.previous = back_, .next = kNone};
    (back_ == kNone ? front_ : at(back_).next) = id;
    back_ = id;
    ++size_;
  }
  /// Requires: `id` is in the list.
  void unlink(std::int32_t id) {
    const auto [previous, next] = at(id);
    (previous == kNone ? front_ : at(previous).next) = next;
    (next == kNone ? back_ : at(next).previous) = previous;
    --size_;
  }

 private:
  struct Links {
    std::int32_t previous = kNone;
    std::int32_t next = kNone;
  };

  [[nodiscard]] Links& at(std::int32_t id) { return links_[static_cast<std::size_t>(id)]; }

  std::vector<Links> links_;
  std::int32_t front_ = kNone;
  std::int32_t back_ = kNone;
  std::int32_t size_ = 0;
};

}  // namespace ringmaster::engine
