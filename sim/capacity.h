#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "sim/run.h"

namespace ringmaster::sim {

/// How large a fleet a policy needs at a rate, and what one instance more or fewer would change.
struct CapacityPlan {
  RunOptions options;  ///< As asked; the size of the fleet in it means nothing.
  /// Instances that the mean work would keep busy if every repeated block were a hit.
  double busy_instances = 0;
  std::optional<RunReport> smallest;   ///< The smallest fleet that meets the target; absent: none.
  std::optional<RunReport> one_fewer;  ///< Absent if the smallest has one instance.
  std::optional<RunReport> one_more;
  std::string limit;  ///< Why there is none, in a sentence; else empty.
  std::uint64_t simulated_requests = 0;
};

/// Simulates a point; run_point() of a workload, or what stands for it.
using RunFleet = std::function<Result<RunReport>(const RunOptions&)>;

/// Finds the smallest fleet by doubling and bisection, which assume that a fleet larger than one
/// that meets the target meets it too; the fleet with one instance fewer has been simulated.
///
/// There is none if prompts are too long: the prefill of those tokens of a prompt that came in no
/// prompt before, alone on an idle instance, is the least that anybody waits. Nor is there if
/// `instances_max` of them miss the target.
/// `run` simulates each size of fleet, once; null: run_point(). Fails as it does, or if
/// `instances_max` is 0, or the fleet is a mixed one or scales itself.
[[nodiscard]] Result<CapacityPlan> plan_capacity(const Workload& workload, RunOptions options,
                                                 const GoodputTarget& target,
                                                 std::uint32_t instances_max,
                                                 const RunFleet& run = nullptr);

/// A JSON array with one object a plan, one a line.
[[nodiscard]] std::string to_json(std::span<const CapacityPlan> plans);

/// For people: one row a plan; a line for each that has no fleet. If their seeds differ, a column
/// of them, and a line for the seeds of each question, whose plans follow each other.
[[nodiscard]] std::string to_table(std::span<const CapacityPlan> plans);

}  // namespace ringmaster::sim
