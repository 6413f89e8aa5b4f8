#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace ringmaster {

/// Index of an instance in its fleet: small, dense, re-used after removal. Chosen by whoever adds
/// the instance. Stable identity is the name, never this index.
struct InstanceId {
  std::uint32_t value = 0;
  auto operator<=>(const InstanceId&) const = default;
};

/// What is known of an instance before it says anything.
struct InstanceSpec {
  std::string name;       ///< Stable identity; places it on the rings.
  double capacity = 1.0;  ///< Relative weight on the rings, in [0.01, 100].
  double prefill_seconds_per_token =
      0.00016;  ///< tau; measured for a 7B model on a 910B4 (DualMap).
  std::uint64_t kv_cache_tokens = 1'000'000;  ///< Size of the mirror of its prefix cache.
};

/// healthy: takes requests. suspect: takes them only if no healthy one is left. dead: takes none.
enum class Health : std::uint8_t { kHealthy, kSuspect, kDead };

/// Load as an instance itself reports it. Absent is not zero.
struct InstanceReport {
  std::optional<std::uint32_t> running_requests;
  std::optional<std::uint32_t> waiting_requests;
  std::optional<std::uint64_t> queued_prefill_tokens;  ///< Of prompts, not computed yet.
  std::optional<double> kv_usage;                      ///< Used fraction of KV blocks, in [0, 1].
  /// Said by the gateway that owns the instance (instance_owner.h): what it has sent there and what
  /// it holds for it, which counts as waiting.
  bool is_of_owner = false;
  /// Of queued_prefill_tokens, of requests that the owner's queue has put aside.
  std::uint64_t put_aside_tokens = 0;
  TimePoint time{};       ///< When it was true, on the receiver's clock.
  Duration time_error{};  ///< It may have been true up to that much earlier.
};

/// Where the belief about an instance's prefix cache comes from.
enum class ResidencySource : std::uint8_t {
  kMirror,  ///< What should be there, given what was sent: an LRU of the configured size.
  kEvents,  ///< What the instance says is there.
};

}  // namespace ringmaster
