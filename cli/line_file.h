#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/line_sink.h"

namespace ringmaster {

/// A file of lines, buffered; complete once the object is gone.
class LineFile final : public LineSink {
 public:
  /// Empties the file. Fails with kInvalidArgument and one line that names the path and the reason.
  [[nodiscard]] static Result<std::unique_ptr<LineFile>> create(const std::string& path);

  void write_line(std::string_view line) override;

 private:
  explicit LineFile(std::ofstream out) : out_(std::move(out)) {}

  std::ofstream out_;
};

}  // namespace ringmaster
