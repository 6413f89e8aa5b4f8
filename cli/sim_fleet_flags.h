#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/simulation.h"

namespace CLI {
class App;
}

namespace ringmaster {

/// The flags of `ringmaster sim` that say what the fleet is made of and what happens to it.
struct SimFleetFlags {
  std::vector<std::string> fleet;    ///< COUNTxPROFILE[:key=value,...]; empty: all alike.
  std::vector<std::string> classes;  ///< NAME:share=...,...; empty: all requests alike.
  std::string events;                ///< A file; empty: nothing happens.
  std::string autoscale;             ///< SIGNAL:key=value,...; empty: the fleet keeps its size.
  std::string slo_tpot;              ///< Empty: no target.
  std::uint32_t gateways = 1;
  bool peers = false;
  std::optional<std::string> report_interval;
};

void add_sim_fleet_flags(CLI::App& command, SimFleetFlags& flags);

/// Those of them that say what requests are to get.
void add_sim_target_flags(CLI::App& command, SimFleetFlags& flags);

/// Puts what was asked for into the options, whose model, profile, instances and report interval
/// are those of the setting. Fails with kInvalidArgument or kNotFound and names the flag.
[[nodiscard]] Status apply(const SimFleetFlags& flags, sim::SimulationOptions& options);

}  // namespace ringmaster
