#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ringmaster {

/// The whole file; "-" is standard input. Fails with kNotFound or kInvalidArgument and one line
/// that names the path and the reason (missing, a folder, no permission, over 1 GiB).
[[nodiscard]] Result<std::string> read_text_file(const std::string& path);

/// Writes the text to a file, or to standard output if the path is "-". Fails with kUnavailable and
/// one line that names the path and the reason.
[[nodiscard]] Status write_text(const std::string& path, std::string_view text);

/// Whether write_text() could write there, as far as permissions tell; creates nothing. Fails as it
/// does.
[[nodiscard]] Status check_writable(const std::string& path);

}  // namespace ringmaster
