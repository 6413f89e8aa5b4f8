#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "policies/last_instance.h"
#include "policies/recent_map.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// Recognizes conversations whose clients name no session: the next prompt of one contains the
/// last, as good as whole.
///
/// Of every prompt its last landmark (fleet/landmarks.h) is remembered with the instance that it
/// went to. A later prompt that contains it follows that prompt, the longest such one; what its
/// template puts after the last message and takes away again lies, but for the worst case, behind
/// the landmark. Prompts with no more in common than a system prompt do not end in it; those that
/// do, with less than a landmark of their own behind it, are told by their number: once
/// kFollowersMax have followed it a prompt counts as shared, and who follows it as nobody's.
///
/// O(landmarks), at most kLandmarksMax of them, to find; O(1) to note.
class ContinuedPrompts {
 public:
  /// Turns that come again (another answer, parallel calls of one agent) stay below it.
  static constexpr std::uint32_t kFollowersMax = 4;
  /// A turn that adds more than so many landmarks (32,768 tokens) is not recognized.
  static constexpr std::size_t kLandmarksMax = 64;

  /// Which prompt a request follows, if any, and where its conversation is.
  struct Followed {
    std::uint64_t landmark = 0;  ///< 0: it follows none.
    std::optional<InstanceId> home;
  };

  /// Remembers the `prompts_max` prompts used last, each for `idle_max`.
  /// Requires: prompts_max > 0.
  ContinuedPrompts(std::size_t prompts_max, Duration idle_max)
      : prompts_(prompts_max), idle_max_(idle_max) {}

  [[nodiscard]] Followed find(const RoutingQuery& query, const FleetState& fleet) const;

  /// The request goes to the instance. `followed`: what find() said of it.
  void note(const RoutingQuery& query, const FleetState& fleet, const Followed& followed,
            InstanceId instance);

 private:
  struct Prompt {
    LastInstance last;
    std::uint32_t followers = 0;
  };

  RecentMap<Prompt> prompts_;  ///< By last landmark.
  Duration idle_max_;
};

}  // namespace ringmaster
