#include "tokens/vocabulary.h"

#include <algorithm>
#include <bit>

#define XXH_INLINE_ALL  // Most pieces are shorter than a call takes.
#include <xxhash.h>

#include "base/check.h"

namespace ringmaster {

Vocabulary::Vocabulary(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.id < b.id; });
  slots_.resize(std::bit_ceil(entries.size() * 2 + 2));
  for (const Entry& entry : entries) {
    RINGMASTER_CHECK(entry.id >= size() && entry.id <= kTokenIdMax);
    offsets_.resize(static_cast<std::size_t>(entry.id) + 1,
                    static_cast<std::uint32_t>(arena_.size()));
    arena_ += entry.bytes;
    offsets_.push_back(static_cast<std::uint32_t>(arena_.size()));
    if (!entry.findable) continue;
    const std::uint64_t hash = XXH3_64bits(entry.bytes.data(), entry.bytes.size());
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot].id >= 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = {static_cast<std::uint32_t>(hash >> 32U), entry.id};
  }
}

std::optional<TokenId> Vocabulary::find(std::string_view wanted) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint64_t hash = XXH3_64bits(wanted.data(), wanted.size());
  const auto tag = static_cast<std::uint32_t>(hash >> 32U);
  for (std::size_t slot = hash & (slots_.size() - 1); slots_[slot].id >= 0;
       slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot].tag == tag && bytes(slots_[slot].id) == wanted) return slots_[slot].id;
  }
  return std::nullopt;
}

}  // namespace ringmaster
