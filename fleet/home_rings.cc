#include "fleet/home_rings.h"

#include "base/random.h"

namespace ringmaster {
namespace {

// Fixed, not options: two gateways must agree on them. First decimals of pi and e, in hexadecimal.
constexpr std::uint64_t kFirstRingSeed = 0x243f6a8885a308d3ULL;
constexpr std::uint64_t kSecondRingSeed = 0xb7e151628aed2a6aULL;
constexpr std::uint64_t kDigestSeed = 0x13198a2e03707344ULL;

}  // namespace

HomeRings::HomeRings(std::uint32_t points_per_instance)
    : rings_{HashRing(kFirstRingSeed, points_per_instance),
             HashRing(kSecondRingSeed, points_per_instance)} {}

void HomeRings::add(InstanceId instance, std::string_view name, double capacity) {
  for (HashRing& ring : rings_) ring.add(instance, name, capacity);
  digest_ += digest_of(name, capacity);
}

void HomeRings::remove(InstanceId instance, std::string_view name, double capacity) {
  for (HashRing& ring : rings_) ring.remove(instance);
  digest_ -= digest_of(name, capacity);
}

std::uint64_t HomeRings::digest_of(std::string_view name, double capacity) const {
  return mix64(hash_text(kDigestSeed, name) + rings_[0].points_of(capacity));
}

}  // namespace ringmaster
