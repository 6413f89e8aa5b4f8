#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ringmaster::sim {

inline constexpr std::size_t kRequestClassesMax = 16;

/// Requests with targets and an urgency of their own.
struct RequestClass {
  std::string name;
  double share = 0;     ///< Of all requests, in (0, 1]; the shares of all classes sum to 1.
  Duration ttft_slo{};  ///< More than 0.
  Duration tpot_slo{};  ///< 0: none.
  std::int32_t priority =
      0;  ///< Added to that of the trace. Larger goes first, whatever the queue.
};

/// Fails with kInvalidArgument: too many classes, a name given twice, a share or target out of its
/// range, shares that do not sum to 1. No class at all is sound: all requests are alike.
[[nodiscard]] Status check(std::span<const RequestClass> classes);

/// The class of each request, drawn by share: an index into `classes`. Empty if there are none.
[[nodiscard]] std::vector<std::uint8_t> draw_classes(std::span<const RequestClass> classes,
                                                     std::size_t requests, std::uint64_t seed);

}  // namespace ringmaster::sim
