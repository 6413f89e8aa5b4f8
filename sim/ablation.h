#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "policies/policy_parts.h"
#include "sim/run.h"

namespace ringmaster::sim {

/// A run with each part of its policy switched off in turn: the whole first, then without the
/// first part and so on. They differ in nothing else.
///
/// Fails with kInvalidArgument if the policy describes no parts; the message lists those that do.
[[nodiscard]] Result<std::vector<RunOptions>> without_each_part(const RunOptions& whole);

/// What a policy reaches whole and without each of its parts, with one seed.
struct Ablation {
  RunReport whole;
  std::vector<RunReport> without;  ///< In the order of policy_parts(). All are goodput searches.
};

// Ablations of one policy on one trace with several seeds are shown as one: numbers are means, the
// change is that of the goodput, paired by seed, with its 95 % interval (independent_mean()).

/// A JSON array with one object a part: trace, policy, seeds, part, what, goodput_qps of the whole,
/// goodput_qps_without, change (relative), change_half_width (null with one seed), ttft_p90_s of
/// both at their goodput.
[[nodiscard]] std::string to_json(std::span<const Ablation> ablations);

/// One row a part, for people.
[[nodiscard]] std::string to_table(std::span<const Ablation> ablations);

/// The same as Markdown: one row a part, one column a trace. Requires: all of one policy.
[[nodiscard]] std::string to_markdown(std::span<const Ablation> ablations);

}  // namespace ringmaster::sim
