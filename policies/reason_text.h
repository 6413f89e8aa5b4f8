#pragma once

#include <string_view>

namespace ringmaster {

/// What a decision's reason means, in one sentence for people. Empty for a reason without one.
[[nodiscard]] std::string_view reason_sentence(std::string_view reason);

}  // namespace ringmaster
