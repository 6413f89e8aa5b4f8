#pragma once

#include <string>

#include "base/clock.h"
#include "router/line_sink.h"
#include "scheduler/action.h"
#include "scheduler/event.h"
#include "scheduler/scheduler.h"

namespace ringmaster {

/// Writes down what one scheduler is told and what it answers (scheduler/event_codec.h), so that
/// the simulator can feed the same to another one and compare. Strand only.
class InputRecorder {
 public:
  /// Writes the header. `sink` outlives the recorder.
  InputRecorder(LineSink& sink, const SchedulerOptions& options);

  void event(const Event& event, TimePoint now);
  void actions(const ActionList& actions);

 private:
  void write();

  LineSink* sink_;
  std::string lines_;  // Kept for its memory.
};

}  // namespace ringmaster
