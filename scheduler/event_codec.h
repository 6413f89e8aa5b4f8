#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "scheduler/action.h"
#include "scheduler/event.h"
#include "scheduler/scheduler.h"

namespace ringmaster {

// A recording of a scheduler as text, one line each (docs/recording.md):
//
//   ringmaster-record 1 policy=ringmaster ttft_slo_ns=5000000000 ...   the header: its options
//   17000 first_token id=3 attempt=1                                an event and when it came
//   > dispatch id=4 attempt=1 instance=0 decision=4 cached=512      what it led to
//
// Feeding the events of a recording to a new scheduler with the header's options gives the same
// action lines, byte for byte. Lines carry lengths, times and hashes, never text of a
// prompt. Encoded lines end in '\n'; the parsers take them without it and fail with
// kInvalidArgument, naming the field and what was expected.

/// Version written to and required in the header. A change of meaning or of names raises it.
inline constexpr int kRecordVersion = 1;

struct TimedEvent {
  TimePoint time{};
  Event event;
};

void append_header_line(std::string& lines, const SchedulerOptions& options);
void append_event_line(std::string& lines, const Event& event, TimePoint time);
void append_action_line(std::string& lines, const Action& action);

[[nodiscard]] Result<SchedulerOptions> parse_header_line(std::string_view line);
[[nodiscard]] Result<TimedEvent> parse_event_line(std::string_view line);
[[nodiscard]] Result<Action> parse_action_line(std::string_view line);

/// Whether a line of a recording holds an action (it begins with "> ").
[[nodiscard]] bool is_action_line(std::string_view line);

}  // namespace ringmaster
