#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "fleet/fleet_state.h"
#include "scheduler/event_codec.h"
#include "scheduler/line_fields.h"

namespace ringmaster {
namespace {

constexpr std::string_view kActionMark = "> ";
constexpr std::array<std::string_view, 7> kErrorCodeNames{
    "invalid_argument",  "not_found", "overloaded", "unavailable",
    "deadline_exceeded", "cancelled", "internal"};
constexpr std::array<std::string_view, 3> kErrorOriginNames{"client", "instance", "router"};
constexpr std::int64_t kTimeMax = std::numeric_limits<std::int64_t>::max() / 2;

struct WriteAction {
  LineWriter& line;

  void operator()(const Dispatch& action) const {
    line.word("dispatch");
    line.number("id", action.request.value);
    line.number("attempt", action.attempt);
    line.number("instance", action.instance.value);
    line.number("decision", action.decision);
    line.number("cached", action.expected_cached_tokens);
  }
  void operator()(const Hold& action) const {
    line.word("hold");
    line.number("id", action.request.value);
    line.number("instance", action.instance.value);
  }
  void operator()(const Move& action) const {
    line.word("move");
    line.number("id", action.request.value);
    line.number("from", action.from.value);
    line.number("to", action.to.value);
  }
  void operator()(const Reject& action) const {
    line.word("reject");
    line.number("id", action.request.value);
    line.text("code", kErrorCodeNames[static_cast<std::size_t>(action.error.code)]);
    line.text("origin", kErrorOriginNames[static_cast<std::size_t>(action.error.origin)]);
    line.number("retryable", action.error.retryable ? 1 : 0);
    if (action.retry_after) line.integer("retry_after_ns", action.retry_after->count());
    line.text("message", action.error.message);
  }
  void operator()(const Cancel& action) const {
    line.word("cancel");
    line.number("id", action.request.value);
    line.number("attempt", action.attempt);
    line.number("instance", action.instance.value);
  }
  void operator()(const Prefetch& action) const {
    line.word("prefetch");
    line.number("instance", action.instance.value);
    line.number("steps", action.steps);
    line.blocks("chain", action.chain);
  }
  void operator()(const Wake& action) const {
    line.word("wake");
    line.integer("at_ns", action.at.time_since_epoch().count());
  }
};

InstanceId read_instance(LineReader& line, std::string_view key) {
  return {static_cast<std::uint32_t>(line.number(key, FleetState::kSlotsMax - 1))};
}
RequestId read_id(LineReader& line) {
  return {line.whole<std::uint64_t>("id")};
}

Reject read_reject(LineReader& line) {
  Reject reject;
  reject.request = read_id(line);
  reject.error.code = static_cast<ErrorCode>(line.choice("code", kErrorCodeNames));
  reject.error.origin = static_cast<ErrorOrigin>(line.choice("origin", kErrorOriginNames));
  reject.error.retryable = line.number("retryable", 1) == 1;
  if (line.has("retry_after_ns")) {
    reject.retry_after = Duration(line.integer("retry_after_ns", 0, kTimeMax));
  }
  reject.error.message = line.text("message");
  return reject;
}

Action read_action(LineReader& line) {
  const std::string_view name = line.word();
  if (name == "dispatch") {
    return Dispatch{.request = read_id(line),
                    .attempt = line.whole<std::uint32_t>("attempt"),
                    .instance = read_instance(line, "instance"),
                    .decision = line.whole<std::uint64_t>("decision"),
                    .expected_cached_tokens = line.whole<std::uint32_t>("cached")};
  }
  if (name == "hold") return Hold{read_id(line), read_instance(line, "instance")};
  if (name == "move") {
    return Move{read_id(line), read_instance(line, "from"), read_instance(line, "to")};
  }
  if (name == "reject") return read_reject(line);
  if (name == "cancel") {
    return Cancel{.request = read_id(line),
                  .attempt = line.whole<std::uint32_t>("attempt"),
                  .instance = read_instance(line, "instance")};
  }
  if (name == "prefetch") {
    return Prefetch{.instance = read_instance(line, "instance"),
                    .chain = line.blocks("chain"),
                    .steps = line.whole<std::uint32_t>("steps")};
  }
  if (name != "wake") line.refuse("unknown action '" + std::string(name.substr(0, 40)) + "'");
  return Wake{TimePoint(Duration(line.integer("at_ns", -kTimeMax, kTimeMax)))};
}

}  // namespace

bool is_action_line(std::string_view line) {
  return line.starts_with(kActionMark);
}

void append_action_line(std::string& lines, const Action& action) {
  lines += '>';
  LineWriter line(lines);
  std::visit(WriteAction{line}, action);
  lines += '\n';
}

Result<Action> parse_action_line(std::string_view text) {
  if (!is_action_line(text)) return invalid("expected '> ' and an action");
  LineReader line(text.substr(kActionMark.size()));
  Action action = read_action(line);
  if (const Status status = line.finish(); !status) return tl::unexpected(status.error());
  return action;
}

}  // namespace ringmaster
