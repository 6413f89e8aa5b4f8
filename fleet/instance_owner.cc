#include "fleet/instance_owner.h"

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "fleet/hash_ring.h"

namespace ringmaster {
namespace {

/// Keeps ownership apart from the rings, which hash the same names.
constexpr std::uint64_t kOwnerSeed = 0x6f77'6e65'7200'0000ULL;

}  // namespace

std::size_t owner_of(std::string_view instance, std::span<const std::string> gateways) {
  RINGMASTER_CHECK(!gateways.empty());
  const std::uint64_t of_instance = hash_text(kOwnerSeed, instance);
  std::size_t owner = 0;
  std::pair<std::uint64_t, std::string_view> largest{0, {}};
  for (std::size_t i = 0; i < gateways.size(); ++i) {
    // The name decides between equal hashes, so that the order of the list does not matter.
    const std::pair<std::uint64_t, std::string_view> own{hash_text(of_instance, gateways[i]),
                                                         gateways[i]};
    if (i > 0 && own <= largest) continue;
    largest = own;
    owner = i;
  }
  return owner;
}

}  // namespace ringmaster
