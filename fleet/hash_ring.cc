#include "fleet/hash_ring.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/random.h"

namespace ringmaster {
namespace {

constexpr std::uint64_t kPointStep = 0x9e3779b97f4a7c15ULL;

std::uint64_t little_endian_word(std::string_view bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

constexpr std::size_t kOwnPlacesMin = 4;
constexpr std::size_t kRoomBehind = 64;  // Some are needed; a vector that grows doubles.

// How full a table may be before it grows, and how empty before it shrinks; then it is made anew,
// half full. Fuller, points lie far from their own places; emptier, a walk passes many gaps.
constexpr std::size_t points_max(std::size_t own_places) {
  return own_places / 4 * 3;
}
constexpr std::size_t points_min(std::size_t own_places) {
  return own_places / 4;
}

std::uint64_t position_of(std::uint64_t identity, std::uint32_t point) {
  return mix64(identity + kPointStep * (point + 1));
}

}  // namespace

std::uint64_t hash_text(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = mix64(seed + kPointStep * (text.size() + 1));
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(8, text.size()))) {
    hash = mix64(hash + kPointStep) ^ little_endian_word(text.substr(0, 8));
  }
  return mix64(hash + kPointStep);
}

HashRing::HashRing(std::uint64_t seed, std::uint32_t points_per_instance)
    : seed_(seed), points_per_instance_(points_per_instance) {
  RINGMASTER_CHECK(points_per_instance > 0);
  resize(kOwnPlacesMin);
}

std::uint32_t HashRing::points_of(double capacity) const {
  return static_cast<std::uint32_t>(std::max(1.0, std::round(points_per_instance_ * capacity)));
}

std::size_t HashRing::own_place(std::uint64_t position) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((Wide{position} * own_places_) >> 64U);
}

bool HashRing::precedes(const Place& a, const Place& b) const {
  if (a.position != b.position) return a.position < b.position;
  return members_[a.instance].name < members_[b.instance].name;
}

void HashRing::add(InstanceId instance, std::string_view name, double capacity) {
  if (members_.size() <= instance.value) members_.resize(instance.value + 1);
  Member& member = members_[instance.value];
  member = {.name = std::string(name), .points = points_of(capacity)};
  point_count_ += member.points;
  if (point_count_ > points_max(own_places_)) resize(2 * point_count_);
  const std::uint64_t identity = hash_text(seed_, name);
  for (std::uint32_t point = 0; point < member.points; ++point) {
    insert({position_of(identity, point), instance.value, false});
  }
}

void HashRing::remove(InstanceId instance) {
  if (instance.value >= members_.size()) return;
  Member& member = members_[instance.value];
  const std::uint64_t identity = hash_text(seed_, member.name);
  for (std::uint32_t point = 0; point < member.points; ++point) {
    erase({position_of(identity, point), instance.value, false});
  }
  point_count_ -= member.points;
  member = {};
  if (point_count_ < points_min(own_places_)) resize(2 * point_count_);
}

void HashRing::insert(const Place& point) {
  std::size_t place = own_place(point.position);
  while (place < end_ && !places_[place].is_gap && !precedes(point, places_[place])) ++place;
  // Those behind it move up to the next gap.
  Place moving = point;
  for (std::size_t to = place; !moving.is_gap; ++to) {
    if (to == places_.size()) places_.emplace_back();
    std::swap(moving, places_[to]);
    end_ = std::max(end_, to + 1);
  }
  tell_gaps_before(place);
}

void HashRing::erase(const Place& point) {
  std::size_t place = own_place(point.position);
  while (places_[place].is_gap || places_[place].instance != point.instance ||
         places_[place].position != point.position) {
    ++place;
  }
  // Those that had to move because of it move back: behind a gap a point is in its own place.
  std::size_t gap = place;
  for (; gap + 1 < end_ && !places_[gap + 1].is_gap; ++gap) {
    if (own_place(places_[gap + 1].position) == gap + 1) break;
    places_[gap] = places_[gap + 1];
  }
  if (gap + 1 < end_) places_[gap] = places_[gap + 1];
  places_[gap].is_gap = true;
  tell_gaps_before(gap);
  tell_gaps_before(place);
  while (end_ > 0 && places_[end_ - 1].is_gap) --end_;
}

void HashRing::tell_gaps_before(std::size_t place) {
  for (std::size_t gap = place; gap-- > 0 && places_[gap].is_gap;) {
    places_[gap].position = places_[place].position;
    places_[gap].instance = places_[place].instance;
  }
}

void HashRing::resize(std::size_t own_places) {
  own_places_ = std::max(kOwnPlacesMin, own_places);
  const std::vector<Place> old = std::exchange(places_, {});
  places_.reserve(own_places_ + kRoomBehind);
  places_.resize(own_places_);
  std::size_t next = 0;
  for (const Place& point : std::span(old).first(end_)) {
    if (point.is_gap) continue;
    const std::size_t place = std::max(next, own_place(point.position));
    if (place == places_.size()) places_.emplace_back();
    places_[place] = point;
    tell_gaps_before(place);
    next = place + 1;
  }
  end_ = next;
}

void HashRing::prefetch(std::uint64_t key) const {
  __builtin_prefetch(places_.data() + own_place(mix64(key ^ seed_)));
}

std::size_t HashRing::first_place(std::uint64_t key) const {
  const std::uint64_t position = mix64(key ^ seed_);
  std::size_t place = own_place(position);
  while (place < end_ && places_[place].position < position) ++place;
  return std::min(place, end_);
}

}  // namespace ringmaster
