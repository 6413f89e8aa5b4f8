#pragma once

#include <cstdint>
#include <optional>

#include "fleet/instance.h"

namespace ringmaster::sim {

/// Why an instance does not take what was sent to it.
enum class Refusal : std::uint8_t { kNone, kTooLarge, kUnreachable };

/// Where a request is that its gateway has forwarded.
struct Forward {
  std::uint32_t gateway = 0;  ///< The owner of the instance.
  InstanceId instance;        ///< Chosen by the request's own gateway.
  std::uint32_t attempt = 0;  ///< That the request's own gateway takes this for.
  bool was_sent = false;      ///< The owner has tried an instance.
  bool is_refused = false;    ///< By the owner, for good: its own gateway does not try again.
};

/// Where a request of a simulation is between its gateway and its instance.
struct RequestState {
  std::uint32_t pending_tokens = 0;  ///< Booked in pending_work_ for its instance; 0: nothing.
  Refusal refusal = Refusal::kNone;
  std::optional<Forward> forward;
  bool is_sent = false;      ///< Its instance has it.
  bool is_answered = false;  ///< By a first token.
  bool is_settled = false;
};

}  // namespace ringmaster::sim
