#pragma once

#include <cstdint>

namespace ringmaster {

/// Raises the limit of open files to the most that this process may have, and returns it. Shells
/// often give 1,024, which is kept low for programs that use select(); this one does not, and needs
/// two for each request under way.
std::uint64_t raise_descriptor_limit();

}  // namespace ringmaster
