#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ringmaster::sim {

/// What a new scheduler made of the events of a recording.
struct ReplayResult {
  std::size_t events = 0;
  std::size_t actions = 0;
  std::string action_lines;  ///< As scheduler/event_codec.h writes them.
  std::uint64_t digest = 0;  ///< Of action_lines: equal digests, equal actions.
  /// "<file>:<line>: ..." of the first place where the recorded actions are not the replayed ones;
  /// absent if all agree, or if the recording holds no actions at all.
  std::optional<std::string> difference;
};

/// Feeds the events of a recording (scheduler/event_codec.h) to a new scheduler with the options of
/// its header, and compares the actions with the recorded ones.
///
/// Fails with kInvalidArgument "<file>:<line>: ..." on a malformed line, a time before that of the
/// event above, or options that Scheduler::create() refuses.
[[nodiscard]] Result<ReplayResult> replay_recording(std::string_view text, std::string_view file);

}  // namespace ringmaster::sim
