#pragma once

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace ringmaster {

/// What lies on one instance. The gateway's own part is exact, since it is what was held for it,
/// sent to it and answered by it: every booking is released once; the checks catch a slip. What
/// others have there is as old as the instance's last report (foreign_load.h).
struct InstanceLoad {
  std::uint64_t held_tokens = 0;  ///< Uncached prompt tokens waiting for it in the gateway.
  /// Of pending_tokens(), of requests that are put aside, so that later arrivals go before them: by
  /// the queue's order here or, as its last report says, in the gateway that owns the instance.
  std::uint64_t put_aside_tokens = 0;
  std::uint64_t sent_tokens = 0;        ///< Uncached prompt tokens sent, without a first token yet.
  std::uint64_t running_kv_blocks = 0;  ///< Prompt blocks of what decodes there, others' included.
  std::uint64_t foreign_tokens = 0;     ///< Prompt tokens of others, not prefilled yet.
  std::uint32_t held_requests = 0;
  std::uint32_t prefilling_requests = 0;
  std::uint32_t decoding_requests = 0;
  std::uint32_t foreign_requests = 0;  ///< Of others: waiting there, in prefill or decoding.

  /// Uncached prompt tokens at the instance whose prefill is not over.
  [[nodiscard]] std::uint64_t tokens_there() const { return sent_tokens + foreign_tokens; }

  /// Uncached prompt tokens whose prefill is not over, wherever they wait.
  [[nodiscard]] std::uint64_t pending_tokens() const { return held_tokens + tokens_there(); }

  /// Held, in prefill or decoding.
  [[nodiscard]] std::uint32_t requests() const {
    return held_requests + prefilling_requests + decoding_requests + foreign_requests;
  }

  void hold(std::uint64_t tokens) {
    held_tokens += tokens;
    ++held_requests;
  }
  void unhold(std::uint64_t tokens) {
    RINGMASTER_CHECK(held_requests > 0 && held_tokens >= tokens);
    held_tokens -= tokens;
    --held_requests;
    put_aside_tokens = std::min(put_aside_tokens, held_tokens);
  }
  void begin_prefill(std::uint64_t tokens) {
    sent_tokens += tokens;
    ++prefilling_requests;
  }
  void end_prefill(std::uint64_t tokens) {
    RINGMASTER_CHECK(prefilling_requests > 0 && sent_tokens >= tokens);
    sent_tokens -= tokens;
    --prefilling_requests;
  }
  void begin_decode(std::uint64_t kv_blocks) {
    running_kv_blocks += kv_blocks;
    ++decoding_requests;
  }
  void end_decode(std::uint64_t kv_blocks) {
    RINGMASTER_CHECK(decoding_requests > 0 && running_kv_blocks >= kv_blocks);
    running_kv_blocks -= kv_blocks;
    --decoding_requests;
  }
};

}  // namespace ringmaster
