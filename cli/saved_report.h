#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/run.h"

namespace ringmaster {

/// The line of FinishedPoints for a point that was simulated.
[[nodiscard]] std::string saved_report(std::string_view digest, const sim::RunReport& report);

/// The report that saved_report() wrote such a line of, given what was run. Absent where the line
/// does not give back all that the results say: the point is then to be simulated again.
[[nodiscard]] std::optional<sim::RunReport> restore_report(const std::string& line,
                                                           const sim::RunOptions& options);

}  // namespace ringmaster
