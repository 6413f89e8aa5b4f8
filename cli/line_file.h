#pragma once

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/line_sink.h"

namespace ringmaster {

/// A file of lines, written out every second while lines come; complete once the object is gone. If
/// the disk is full, say, one line on standard error names the file and the reason, and what
/// follows is lost.
class LineFile final : public LineSink {
 public:
  /// Empties the file. Fails with kInvalidArgument and one line that names the path and the reason.
  [[nodiscard]] static Result<std::unique_ptr<LineFile>> create(const std::string& path);

  ~LineFile() override;
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  void write_line(std::string_view line) override;

 private:
  LineFile(std::string path, std::ofstream out) : path_(std::move(path)), out_(std::move(out)) {}
  void complain_once();

  std::string path_;
  std::ofstream out_;
  bool has_failed_ = false;
  std::chrono::steady_clock::time_point next_flush_;
};

}  // namespace ringmaster
