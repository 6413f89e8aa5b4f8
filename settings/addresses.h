#pragma once

#include <string_view>

namespace ringmaster {

/// Whether it is "host:port" or "[v6]:port" with a port in [0, 65535] (0: any free one).
[[nodiscard]] bool is_listen_address(std::string_view text);

/// Whether it is "http://host[:port][/path]": no credentials, query or fragment.
[[nodiscard]] bool is_instance_url(std::string_view text);

/// Whether it can name an instance: 1 to 128 letters, digits and ".", "_", "-", ":". Names go into
/// headers, paths of the admin listener and labels of metrics as they are.
[[nodiscard]] bool is_instance_name(std::string_view text);

/// Whether it is a header name of RFC 9110 (a token).
[[nodiscard]] bool is_header_name(std::string_view text);

}  // namespace ringmaster
