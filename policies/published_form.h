#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fleet/prefix_hotness.h"

namespace ringmaster {

/// In which order requests held for one instance are dispatched.
enum class QueueDiscipline : std::uint8_t {
  kFcfs,        ///< By arrival.
  kLongestHit,  ///< Most cached tokens first, as they were when the request was queued.
  kShortest,    ///< Fewest uncached tokens first.
  kSlack,       ///< Earliest deadline first.
  kOnTime,      ///< As many as possible before their deadline; then the shortest; the aged first.
  kFair,        ///< The tenant served least so far first.
};

/// Their names in configuration and recordings, in that order.
inline constexpr std::array<std::string_view, 6> kQueueDisciplineNames{
    "fcfs", "longest_hit", "shortest", "slack", "on_time", "fair"};

/// How waiting requests are moved off an instance that is past a threshold.
enum class Rebalancing : std::uint8_t {
  kOff,
  kPaper,     ///< To the other home, in one batch (DualMap's paper).
  kCode,      ///< To the other home or a neighbour, one by one (DualMap's code).
  kFreeness,  ///< To the instance with the most free memory per request (Llumnix).
};

/// Their names in configuration and recordings, in that order.
inline constexpr std::array<std::string_view, 4> kRebalancingNames{"off", "paper", "code",
                                                                   "freeness"};

/// What a policy was published with beside its choice of instance. The scheduler uses it where its
/// own options say nothing else.
struct PublishedForm {
  QueueDiscipline queue = QueueDiscipline::kFcfs;
  Rebalancing rebalancing = Rebalancing::kOff;
  std::uint32_t dispatch_window_requests = 0;  ///< 0: never hold.
  HotnessOptions hotness;                      ///< How deep the hash keys go.
  bool homes_by_session = false;               ///< A session that is named has homes of its own.
};

}  // namespace ringmaster
