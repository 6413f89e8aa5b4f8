#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "fleet/instance.h"
#include "fleet/request.h"
#include "tokens/block_hash.h"

namespace ringmaster {

// Everything that can happen to a scheduler, as values. An event about an attempt that the
// scheduler no longer follows (answered, retried elsewhere, unknown) changes nothing.

struct RequestArrived {
  RequestSpec request;
};

/// The first output token of an attempt was seen: its prefill is over.
struct FirstToken {
  RequestId request;
  std::uint32_t attempt = 0;  ///< As named by the Dispatch.
};

struct RequestFinished {
  RequestId request;
  std::uint32_t attempt = 0;
  std::uint32_t output_tokens = 0;
  std::optional<std::uint32_t> cached_tokens;  ///< As the instance reported it.
  /// As the instance counts them: the unit of cached_tokens. Absent: our own count.
  std::optional<std::uint32_t> prompt_tokens;
};

/// An attempt failed. It is tried again elsewhere only if `may_retry`: no byte of the answer went
/// to the client and the failure does not blame the request.
struct RequestFailed {
  RequestId request;
  std::uint32_t attempt = 0;
  bool may_retry = false;
  /// The instance refused the connection or broke it: it is suspect from now on, and what is held
  /// for it goes elsewhere, if there is any other. Whoever says so follows its health, and says
  /// HealthChanged when it is well again.
  bool lost_instance = false;
};

/// The client has gone away, or its total deadline has passed.
struct RequestCancelled {
  RequestId request;
};

struct InstanceReported {
  InstanceId instance;
  InstanceReport report;
};

struct KvBlocksStored {
  InstanceId instance;
  std::vector<BlockHash> blocks;
};

struct KvBlocksRemoved {
  InstanceId instance;
  std::vector<BlockHash> blocks;
};

/// The instance's prefix cache is empty (restart, or a gap in its events).
struct KvCleared {
  InstanceId instance;
};

/// Requires: no instance of this id or name is in the fleet.
struct InstanceAdded {
  InstanceId instance;
  InstanceSpec spec;
  ResidencySource residency = ResidencySource::kMirror;
  Health health = Health::kHealthy;
};

/// Its requests without an answer are retried elsewhere; the others run on unobserved.
struct InstanceRemoved {
  InstanceId instance;
};

/// Draining: finishes what it has, takes nothing new.
struct InstanceDraining {
  InstanceId instance;
  bool is_draining = true;
};

struct HealthChanged {
  InstanceId instance;
  Health health = Health::kHealthy;
};

/// Whether this gateway owns the instance (fleet/instance_owner.h); it does until told otherwise.
struct OwnerChanged {
  InstanceId instance;
  bool is_ours = true;
};

/// Time passes: the Wake asked for earlier, or just a timer.
struct Tick {};

using Event =
    std::variant<RequestArrived, FirstToken, RequestFinished, RequestFailed, RequestCancelled,
                 InstanceReported, KvBlocksStored, KvBlocksRemoved, KvCleared, InstanceAdded,
                 InstanceRemoved, InstanceDraining, HealthChanged, OwnerChanged, Tick>;

}  // namespace ringmaster
