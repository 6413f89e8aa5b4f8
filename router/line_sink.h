#pragma once

#include <string_view>

namespace ringmaster {

/// Where lines of a recording go. Called by one thread at a time.
class LineSink {
 public:
  virtual ~LineSink() = default;
  /// `line` has no line end.
  virtual void write_line(std::string_view line) = 0;
};

}  // namespace ringmaster
