#include "sim/replay.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/random.h"
#include "scheduler/event_codec.h"
#include "scheduler/scheduler.h"

namespace ringmaster::sim {
namespace {

/// Order-sensitive, with the same result on every platform.
std::uint64_t digest_of(std::string_view text) {
  std::uint64_t digest = text.size();
  for (const char c : text) digest = mix64(digest ^ static_cast<unsigned char>(c)) + 1;
  return digest;
}

/// Goes through a recording line by line: events into the scheduler, its actions beside those
/// recorded.
class Replay {
 public:
  explicit Replay(std::string_view file) : file_(file) {}

  Status read(std::string_view line) {
    ++line_;
    if (!scheduler_) return read_header(line);
    return is_action_line(line) ? read_action(line) : read_event(line);
  }

  Result<ReplayResult> finish() && {
    if (!scheduler_) return problem("expected a header line, found an empty file");
    note_missing_actions();
    if (!has_actions_) result_.difference.reset();
    result_.digest = digest_of(result_.action_lines);
    return std::move(result_);
  }

 private:
  [[nodiscard]] tl::unexpected<Error> problem(const std::string& what) const {
    return invalid(place() + what);
  }
  [[nodiscard]] std::string place() const {
    return std::string(file_) + ":" + std::to_string(line_) + ": ";
  }

  Status read_header(std::string_view line) {
    const auto options = parse_header_line(line);
    if (!options) return problem(options.error().message);
    auto scheduler = Scheduler::create(*options);
    if (!scheduler) return problem(scheduler.error().message);
    scheduler_ = std::move(*scheduler);
    return {};
  }

  Status read_event(std::string_view line) {
    note_missing_actions();
    auto timed = parse_event_line(line);
    if (!timed) return problem(timed.error().message);
    if (result_.events > 0 && timed->time < now_) {
      return problem("expected a time not before that of the event above, found an earlier one");
    }
    now_ = timed->time;
    actions_.clear();
    scheduler_->apply(std::move(timed->event), now_, actions_);
    ++result_.events;
    result_.actions += actions_.size();
    for (const Action& action : actions_) append_action_line(result_.action_lines, action);
    return {};
  }

  Status read_action(std::string_view line) {
    if (const auto action = parse_action_line(line); !action) {
      return problem(action.error().message);
    }
    has_actions_ = true;
    const std::string_view rest = std::string_view(result_.action_lines).substr(compared_);
    const std::string_view replayed = rest.substr(0, rest.find('\n'));
    if (replayed != line) note_difference(line, replayed);
    compared_ = std::min(compared_ + replayed.size() + 1, result_.action_lines.size());
    return {};
  }

  /// The recording went on before all actions of the last event were found in it.
  void note_missing_actions() {
    const std::string_view rest = std::string_view(result_.action_lines).substr(compared_);
    if (!rest.empty()) note_difference("", rest.substr(0, rest.find('\n')));
    compared_ = result_.action_lines.size();
  }

  void note_difference(std::string_view recorded, std::string_view replayed) {
    if (result_.difference) return;
    const auto shown = [](std::string_view line) {
      return line.empty() ? std::string("nothing") : "\"" + std::string(line) + "\"";
    };
    result_.difference = place() + "recorded " + shown(recorded) + ", replayed " + shown(replayed);
  }

  std::string_view file_;
  std::size_t line_ = 0;
  std::unique_ptr<Scheduler> scheduler_;
  TimePoint now_{};
  ActionList actions_;
  std::size_t compared_ = 0;  // Bytes of result_.action_lines that the recording has been past.
  bool has_actions_ = false;
  ReplayResult result_;
};

}  // namespace

Result<ReplayResult> replay_recording(std::string_view text, std::string_view file) {
  Replay replay(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto status = replay.read(text.substr(0, end)); !status) {
      return tl::unexpected(std::move(status).error());
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(replay).finish();
}

}  // namespace ringmaster::sim
