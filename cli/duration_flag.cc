#include "cli/duration_flag.h"

#include <string>

#include "settings/quantities.h"

namespace ringmaster {

Result<Duration> read_duration(std::string_view flag, std::string_view text) {
  if (const auto duration = parse_duration(text)) return *duration;
  return invalid(std::string(flag) + ": expected a duration such as 5s or 500ms, found \"" +
                 std::string(text) + "\"");
}

}  // namespace ringmaster
