#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sim/request_class.h"
#include "sim/simulation.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// What each request is held to. Borrows the classes.
struct SloTargets {
  Duration ttft{};                        ///< Of requests without a class.
  Duration tpot{};                        ///< The same; 0: none.
  std::span<const RequestClass> classes;  ///< Empty: all requests are alike.

  /// Whether the request was answered to its end and met both of its targets. A request of one
  /// output token has no TPOT.
  [[nodiscard]] bool met(const RequestOutcome& outcome, std::uint32_t output_tokens) const;
};

/// How one class fared, over its counted requests.
struct ClassMetrics {
  std::string name;
  std::size_t requests = 0;
  double slo_attainment = 0;  ///< Share that met both targets of the class; 0 of no requests.
};

/// By class, in the order of the targets; empty if there are none.
[[nodiscard]] std::vector<ClassMetrics> summarise_classes(const Workload& workload,
                                                          const SimulationOutcome& outcome,
                                                          std::size_t first_counted,
                                                          const SloTargets& targets);

}  // namespace ringmaster::sim
