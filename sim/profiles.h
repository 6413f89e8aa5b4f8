#pragma once

#include "engine/simulated/instance_profile.h"

namespace ringmaster::sim {

// Every instance model takes its constants from the profiles that the engine's simulated device
// has.
using engine::find_profile;
using engine::InstanceProfile;
using engine::profiles;

}  // namespace ringmaster::sim
