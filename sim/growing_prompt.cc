#include "sim/growing_prompt.h"

#include "base/random.h"
#include "sim/trace.h"

namespace ringmaster::sim {

void GrowingPrompt::append(std::uint64_t content, std::uint32_t tokens) {
  if (tokens == 0) return;
  path_ = mix64(path_ ^ mix64(content)) + tokens;
  tokens_ += tokens;
  // A block is known once it is full: it holds all contents up to the one that fills it.
  while (full_blocks_.size() < tokens_ / kTraceBlockTokens) {
    full_blocks_.push_back(id_of(full_blocks_.size()));
  }
}

void GrowingPrompt::write_ids(std::vector<std::uint64_t>& ids) const {
  ids.insert(ids.end(), full_blocks_.begin(), full_blocks_.end());
  if (tokens_ % kTraceBlockTokens != 0) ids.push_back(id_of(full_blocks_.size()));
}

std::uint64_t GrowingPrompt::id_of(std::size_t block) const {
  constexpr std::uint32_t kUnusedBits = 11;  // Every JSON reader keeps the other 53.
  return mix64(path_ + 0x9e3779b97f4a7c15ULL * (block + 1)) >> kUnusedBits;
}

}  // namespace ringmaster::sim
