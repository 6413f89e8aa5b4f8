#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/instance.h"
#include "fleet/request.h"
#include "tokens/block_hash.h"

namespace ringmaster {

// Everything a scheduler can ask for, as values. Whoever calls it carries the actions out, in
// order, and decides nothing.

/// Send the request to the instance now; where another gateway owns the instance, and the request
/// was not forwarded to us, to that gateway.
struct Dispatch {
  RequestId request;
  std::uint32_t attempt = 1;  ///< 1, 2, ...; repeat it in every event about this attempt.
  InstanceId instance;
  std::uint64_t decision = 0;  ///< Id of the decision in the decision log.
  std::uint32_t expected_cached_tokens = 0;
};

/// The request waits in the gateway for this instance. Nothing to do; for metrics and traces.
struct Hold {
  RequestId request;
  InstanceId instance;
};

/// A waiting request now waits for another instance. Nothing to do; for metrics and traces.
struct Move {
  RequestId request;
  InstanceId from;
  InstanceId to;
};

/// Answer the client with this error; the scheduler has forgotten the request.
struct Reject {
  RequestId request;
  Error error;
  std::optional<Duration> retry_after;
};

/// Abort this attempt upstream (its connection is closed); no further event about it is needed.
struct Cancel {
  RequestId request;
  std::uint32_t attempt = 1;
  InstanceId instance;
};

/// Have these blocks on the instance's device before a request comes that builds on them, if they
/// are in some memory of the instance and can be had without displacing what is needed sooner. No
/// event answers it, and nothing depends on its being carried out.
struct Prefetch {
  InstanceId instance;
  PrefixChain chain;        ///< From the first block on; not empty.
  std::uint32_t steps = 0;  ///< Of its workflow until it is used, at least 1.
};

/// Send a Tick at this time, if none comes earlier. Replaces the Wake before it.
struct Wake {
  TimePoint at;
};

using Action = std::variant<Dispatch, Hold, Move, Reject, Cancel, Prefetch, Wake>;
using ActionList = std::vector<Action>;

}  // namespace ringmaster
