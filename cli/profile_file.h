#pragma once

#include <string>

#include "base/result.h"
#include "engine/simulated/instance_profile.h"

namespace ringmaster {

/// The built-in profile of that name, or the one in that file if the name ends in ".json". Fails
/// with one line that names the file and the key, or lists the known names.
[[nodiscard]] Result<engine::InstanceProfile> load_profile(const std::string& name_or_file);

}  // namespace ringmaster
