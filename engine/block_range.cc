#include "engine/block_range.h"

namespace ringmaster::engine {

bool are_inside(std::span<const BlockId> blocks, std::int32_t count) {
  const auto last = static_cast<std::uint32_t>(count) - 1U;
  // Without a branch, so that the compiler takes several at a time.
  std::uint32_t signs = 0;  // Their highest bit: a negative block, or one behind the last.
  for (const BlockId block : blocks) {
    const auto number = static_cast<std::uint32_t>(block);
    signs |= number | (last - number);
  }
  return signs >> 31U == 0;
}

}  // namespace ringmaster::engine
