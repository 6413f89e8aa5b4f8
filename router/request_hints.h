#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

/// What the headers of a request say of it, beside its body. Views into the fields.
struct RequestHints {
  std::string_view session;  ///< Empty: not said. The same for the next two.
  std::string_view tenant;
  std::string_view adapter;
  std::int32_t priority = 0;             ///< In [-999999, 9999999].
  std::uint32_t steps_to_execution = 0;  ///< In [0, 1000000].
};

/// Reads the headers that the settings name. Fails with kInvalidArgument, naming the header, where
/// one that should be a number is none in its range: taken as absent, a proxy's mistake would only
/// show in who is served late.
[[nodiscard]] Result<RequestHints> read_request_hints(const http::Fields& fields,
                                                      const HeaderSettings& names);

}  // namespace ringmaster
