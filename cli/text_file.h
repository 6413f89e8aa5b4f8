#pragma once

#include <string>

#include "base/result.h"

namespace ringmaster {

/// The whole file; "-" is standard input. Fails with kNotFound or kInvalidArgument and one line
/// that names the path and the reason (missing, a folder, no permission, over 1 GiB).
[[nodiscard]] Result<std::string> read_text_file(const std::string& path);

}  // namespace ringmaster
