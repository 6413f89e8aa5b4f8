#include "scheduler/mirror_correction.h"

namespace ringmaster {

std::optional<std::uint32_t> contradicting_blocks(const RequestSpec& request,
                                                  std::uint32_t believed_blocks,
                                                  const ReportedCache& reported) {
  if (request.block_tokens == 0) return std::nullopt;
  std::uint64_t tokens = reported.cached_tokens;
  std::uint64_t allowance = 1;
  const std::uint32_t counted = reported.prompt_tokens.value_or(request.prompt_tokens);
  if (counted != request.prompt_tokens && counted > 0) {
    tokens = tokens * request.prompt_tokens / counted;
    allowance += believed_blocks / 8;
  }
  const std::uint64_t blocks = tokens / request.block_tokens;
  if (blocks + allowance >= believed_blocks) return std::nullopt;
  return static_cast<std::uint32_t>(blocks);
}

}  // namespace ringmaster
