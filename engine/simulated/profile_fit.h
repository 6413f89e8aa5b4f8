#pragma once

#include <string>

#include "base/result.h"
#include "engine/simulated/instance_profile.h"
#include "engine/simulated/measured_steps.h"

namespace ringmaster::engine {

/// What a fit cannot know from the steps alone; see InstanceProfile and ProfileFit.
struct FitLabels {
  std::string name;
  std::string date;
  std::string command;
};

/// Finds the constants of step_time() that come nearest to measured steps, in the least squares of
/// relative errors, none below 0. Every fourth step is held out: the errors in the fit are of
/// those.
///
/// Whether a step is bound by its weights or by its arithmetic makes the formula linear; so steps
/// are sorted into the two kinds, the rest is a linear fit, and that is repeated until none changes
/// its kind. Deterministic; some milliseconds for 1,000 steps.
///
/// Fails with kInvalidArgument if there are fewer than 16 steps, none with prefill, or none
/// without.
[[nodiscard]] Result<InstanceProfile> fit_profile(const MeasuredSteps& measured,
                                                  const FitLabels& labels);

}  // namespace ringmaster::engine
