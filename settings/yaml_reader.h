#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "settings/problems.h"
#include "settings/visitor.h"

namespace ringmaster {

/// Reads YAML text through `visit`, which names every key there is.
///
/// Returns all problems in file order: broken syntax, unknown and repeated keys (with the nearest
/// known one), values that are not what their key expects, required keys left out. A key with a
/// problem keeps its default. Text over 1 MiB and more than one document are refused.
[[nodiscard]] SettingsProblems read_yaml(std::string_view text, std::string_view file,
                                         const SettingsVisitor::Section& visit);

}  // namespace ringmaster
