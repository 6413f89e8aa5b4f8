#include "fleet/hash_ring.h"

#include <algorithm>
#include <bit>
#include <cmath>

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
  rebuild_buckets();
}

std::uint32_t HashRing::points_of(double capacity) const {
  return static_cast<std::uint32_t>(std::max(1.0, std::round(points_per_instance_ * capacity)));
}

bool HashRing::precedes(const Point& a, const Point& b) const {
  if (a.position != b.position) return a.position < b.position;
  return names_[a.instance] < names_[b.instance];
}

void HashRing::add(InstanceId instance, std::string_view name, double capacity) {
  if (names_.size() <= instance.value) names_.resize(instance.value + 1);
  names_[instance.value] = name;
  const std::uint64_t identity = hash_text(seed_, name);
  std::vector<Point> added(points_of(capacity));
  for (std::uint32_t point = 0; point < added.size(); ++point) {
    added[point] = {mix64(identity + kPointStep * (point + 1)), instance.value};
  }
  std::ranges::sort(added, [this](const Point& a, const Point& b) { return precedes(a, b); });
  insert(added);
  count_into_buckets(added);
}

// From the last place to the first, so that each run of old points moves once and as a block:
// a fleet is added instance by instance, and each of them costs a pass over all points.
void HashRing::insert(const std::vector<Point>& added) {
  const auto order = [this](const Point& a, const Point& b) { return precedes(a, b); };
  auto old_end = static_cast<std::ptrdiff_t>(points_.size());
  points_.resize(points_.size() + added.size());
  for (auto left = static_cast<std::ptrdiff_t>(added.size()); left > 0; --left) {
    const Point& point = added[static_cast<std::size_t>(left - 1)];
    const auto begin = points_.begin();
    const auto place = std::upper_bound(begin, begin + old_end, point, order) - begin;
    std::move_backward(begin + place, begin + old_end, begin + old_end + left);
    points_[static_cast<std::size_t>(place + left - 1)] = point;
    old_end = place;
  }
}

void HashRing::count_into_buckets(const std::vector<Point>& added) {
  if (points_.size() > buckets_.size()) return rebuild_buckets();
  // A bucket names its first point: it moves by as many as were put into the buckets before it.
  for (std::uint32_t i = 0; i < added.size(); ++i) {
    const std::size_t begin = (added[i].position >> bucket_shift_) + 1;
    const std::size_t end =
        i + 1 < added.size() ? (added[i + 1].position >> bucket_shift_) + 1 : buckets_.size();
    for (std::size_t bucket = begin; bucket < end; ++bucket) buckets_[bucket] += i + 1;
  }
}

void HashRing::remove(InstanceId instance) {
  std::erase_if(points_, [&](const Point& point) { return point.instance == instance.value; });
  rebuild_buckets();
}

void HashRing::rebuild_buckets() {
  const std::size_t count = std::bit_ceil(std::max<std::size_t>(2, points_.size()));
  bucket_shift_ = 64U - static_cast<unsigned>(std::countr_zero(count));
  buckets_.resize(count);
  std::uint32_t i = 0;
  for (std::size_t bucket = 0; bucket < count; ++bucket) {
    while (i < points_.size() && points_[i].position >> bucket_shift_ < bucket) ++i;
    buckets_[bucket] = i;
  }
}

void HashRing::prefetch(std::uint64_t key) const {
  __builtin_prefetch(&buckets_[mix64(key ^ seed_) >> bucket_shift_]);
}

void HashRing::prefetch_point(std::uint64_t key) const {
  __builtin_prefetch(points_.data() + buckets_[mix64(key ^ seed_) >> bucket_shift_]);
}

std::size_t HashRing::first_point(std::uint64_t key) const {
  const std::uint64_t position = mix64(key ^ seed_);
  std::size_t i = buckets_[position >> bucket_shift_];
  while (i < points_.size() && points_[i].position < position) ++i;
  return i == points_.size() ? 0 : i;
}

}  // namespace ringmaster
