#include "router/input_recorder.h"

#include <string_view>

#include "scheduler/event_codec.h"

namespace ringmaster {

InputRecorder::InputRecorder(LineSink& sink, const SchedulerOptions& options) : sink_(&sink) {
  append_header_line(lines_, options);
  write();
}

void InputRecorder::event(const Event& event, TimePoint now) {
  append_event_line(lines_, event, now);
  write();
}

void InputRecorder::actions(const ActionList& actions) {
  for (const auto& action : actions) append_action_line(lines_, action);
  write();
}

void InputRecorder::write() {
  std::string_view rest = lines_;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    sink_->write_line(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  lines_.clear();
}

}  // namespace ringmaster
