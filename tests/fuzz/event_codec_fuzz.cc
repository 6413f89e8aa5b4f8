// fuzz: scheduler
//
// A recording from outside: what parses is written and parsed again to the same line.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "scheduler/event_codec.h"

namespace ringmaster {
namespace {

std::string_view without_end(const std::string& line) {
  return std::string_view(line).substr(0, line.size() - 1);
}

void check_line(std::string_view line) {
  std::string once;
  std::string twice;
  if (const auto event = parse_event_line(line)) {
    append_event_line(once, event->event, event->time);
    const auto again = parse_event_line(without_end(once));
    RINGMASTER_CHECK(again.has_value());
    append_event_line(twice, again->event, again->time);
  } else if (const auto action = parse_action_line(line)) {
    append_action_line(once, *action);
    const auto again = parse_action_line(without_end(once));
    RINGMASTER_CHECK(again.has_value());
    append_action_line(twice, *again);
  } else if (const auto header = parse_header_line(line)) {
    append_header_line(once, *header);
    const auto again = parse_header_line(without_end(once));
    RINGMASTER_CHECK(again.has_value());
    append_header_line(twice, *again);
  }
  RINGMASTER_CHECK(once == twice);
}

}  // namespace
}  // namespace ringmaster

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    ringmaster::check_line(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return 0;
}
