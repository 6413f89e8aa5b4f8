#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fleet/fleet_state.h"
#include "fleet/prefix_hotness.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// Finds the homes of a request: how deep its hash key goes, and where that key lives.
class HomeFinder {
 public:
  explicit HomeFinder(const HotnessOptions& options)
      : options_(options), hotness_(make_prefix_hotness(options)) {}

  /// Fills in the query's homes, key and key_blocks. Sooner where the candidates are the fleet's
  /// own list of eligible instances. `by_session`: a request that names its session has the homes
  /// of the session, whatever its prompt.
  void find(RoutingQuery& query, const FleetState& fleet, bool by_session) const;

  /// Counts a request, after its homes were found. Requires: instance_count > 0.
  void observe(const RequestSpec& request, std::size_t instance_count) {
    hotness_->observe(steps(request), static_cast<std::uint32_t>(instance_count));
  }

  [[nodiscard]] const HotnessOptions& options() const { return options_; }

 private:
  /// The chain where keys may end, as deep as they may go. Valid until the next call.
  [[nodiscard]] std::span<const BlockHash> steps(const RequestSpec& request) const;
  /// Leading blocks that are the request's key; 0 for an empty chain.
  [[nodiscard]] std::uint32_t key_blocks(const RequestSpec& request) const;

  HotnessOptions options_;
  std::unique_ptr<PrefixHotness> hotness_;  ///< Counts steps; see fleet/landmarks.h.
  mutable std::vector<BlockHash> steps_;    ///< Scratch.
};

}  // namespace ringmaster
