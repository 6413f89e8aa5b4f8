#pragma once

#include <string>
#include <string_view>

namespace ringmaster::http {

/// The text with each %XX replaced by the byte it stands for (RFC 3986, 2.1); a '%' without two hex
/// digits behind it stays. For one segment of a path: what is decoded may hold slashes.
[[nodiscard]] std::string without_percent_escapes(std::string_view text);

}  // namespace ringmaster::http
