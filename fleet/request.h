#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "fleet/instance.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// Unique for the life of the process (or of a simulation); increases with arrival.
struct RequestId {
  std::uint64_t value = 0;
  auto operator<=>(const RequestId&) const = default;
};

/// All that scheduling may know of a request. Never its text, never its true output length.
struct RequestSpec {
  RequestId id;
  std::uint32_t prompt_tokens = 0;  ///< Exact with a tokenizer, else estimated from the bytes.
  PrefixChain chain;                ///< One hash per full block of the prompt.
  std::uint32_t block_tokens = 16;  ///< Tokens (or estimated tokens) that one block stands for.
  std::uint64_t session = 0;        ///< Hash of the session named by the client; 0: none.
  std::uint64_t tenant = 0;         ///< Hash of the tenant; 0: none.
  std::uint64_t adapter = 0;        ///< Hash of the LoRA adapter it asks for; 0: the model itself.
  std::int32_t priority = 0;        ///< Larger goes first.
  Duration ttft_slo{};              ///< 0: the fleet's default.
  Duration queue_deadline{};        ///< Longest wait before dispatch; 0: the fleet's default.
  std::uint32_t output_tokens_max = 0;   ///< What the client allows; 0: it does not say.
  std::uint32_t steps_to_execution = 0;  ///< Steps of its workflow until this prompt is built upon
                                         ///< again, as the client says; 0: it does not say.
  /// Another gateway has chosen this instance and forwarded the request to us, its owner. Absent:
  /// it came from its client.
  std::optional<InstanceId> forwarded_to;
  /// False where the first token cannot be seen from outside (an answer that is not streamed):
  /// its prefill is then taken as done when the estimate says so.
  bool first_token_visible = true;
};

}  // namespace ringmaster
