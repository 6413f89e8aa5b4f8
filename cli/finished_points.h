#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

namespace ringmaster {

/// The finished points of sweeps in a file, so that one that was interrupted goes on where it
/// stood.
///
/// One JSON object a line and point, in the order in which they ended; it begins with the digest of
/// all that went into the point, {"digest":"<32 hexadecimal digits>", ...}. Points of other inputs
/// and of other builds stay in the file and are not found by a digest of these. A line that was
/// being written when the process ended is dropped.
class FinishedPoints {
 public:
  /// Makes the file or reads it, and keeps it to itself until the object is gone. Fails with
  /// kInvalidArgument: not such a file, a malformed line ("<file>:<line>"), in use by another
  /// process, not readable or writable.
  [[nodiscard]] static Result<std::unique_ptr<FinishedPoints>> open(const std::string& path);

  FinishedPoints(const FinishedPoints&) = delete;
  FinishedPoints& operator=(const FinishedPoints&) = delete;
  ~FinishedPoints();

  /// The line of that point; null if it was not there when the file was opened. Any thread.
  [[nodiscard]] const std::string* find(const std::string& digest) const;

  /// Lines in the file when it was opened.
  [[nodiscard]] std::size_t size() const { return points_.size(); }

  /// Appends the line of a point, which is in the file when this returns. Any thread. Fails with
  /// kUnavailable. Requires: it begins with its digest, see above.
  [[nodiscard]] Status add(std::string_view point);

 private:
  FinishedPoints(std::string path, int file) : path_(std::move(path)), file_(file) {}

  Status read();
  Status read_line(std::string_view line, std::size_t number);
  Status append(std::string_view text);
  [[nodiscard]] Status cannot(std::string_view what) const;

  const std::string path_;
  const int file_;
  std::unordered_map<std::string, std::string> points_;
  std::mutex writing_;
};

}  // namespace ringmaster
