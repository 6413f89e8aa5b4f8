#pragma once

#include <string>

#include "base/result.h"
#include "cli/sim_sweep.h"

namespace CLI {
class App;
}

namespace ringmaster {

/// What a parsed command was told that can change a result: its name, and its options that are not
/// at their defaults, with the contents of files they name. Not among them are those that say
/// where results go or how many run at a time, and those that a point has for itself (trace,
/// policy, rate, seed). Fails as read_text_file().
[[nodiscard]] Result<std::string> inputs_of(const CLI::App& command);

/// 32 hexadecimal digits: XXH3-128 of this program's own bytes, of `inputs`, and of the point: its
/// requests and prefixes, rate, arrivals, policy, all options of its scheduler and the profiles of
/// its fleet. Equal digests, equal results.
[[nodiscard]] Result<std::string> digest_of(const SimSweep::Point& point,
                                            const std::string& inputs);

}  // namespace ringmaster
