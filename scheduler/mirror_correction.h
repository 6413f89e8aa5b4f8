#pragma once

#include <cstdint>
#include <optional>

#include "fleet/request.h"

namespace ringmaster {

/// What an answer says of the cache that its prompt met.
struct ReportedCache {
  std::uint32_t cached_tokens = 0;
  /// Tokens of the prompt as the instance counts them; they give the unit of cached_tokens. Absent:
  /// the same as ours.
  std::optional<std::uint32_t> prompt_tokens;
};

/// Leading blocks of the prompt that the instance had, where its answer contradicts the belief that
/// it had `believed_blocks`; none where it agrees or had more.
///
/// One block less is no contradiction: an engine computes at least one token, so of a prompt that
/// is cached whole it computes the last block again. Where the instance counts the prompt
/// differently (ours is estimated from bytes), its share of cached tokens stands for ours, and an
/// eighth of the belief is allowed on top, since tokens per byte vary within a prompt.
[[nodiscard]] std::optional<std::uint32_t> contradicting_blocks(const RequestSpec& request,
                                                                std::uint32_t believed_blocks,
                                                                const ReportedCache& reported);

}  // namespace ringmaster
