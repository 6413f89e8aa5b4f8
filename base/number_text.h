#pragma once

#include <string>

namespace ringmaster {

/// The shortest decimal form that reads back to the same number, for messages: "0.25", "1e+300",
/// "nan".
[[nodiscard]] std::string format_number(double number);

}  // namespace ringmaster
