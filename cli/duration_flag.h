#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ringmaster {

/// The value of a flag as a duration. Fails with kInvalidArgument, naming the flag, if it is none.
[[nodiscard]] Result<Duration> read_duration(std::string_view flag, std::string_view text);

}  // namespace ringmaster
