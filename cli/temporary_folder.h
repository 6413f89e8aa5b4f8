#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace ringmaster {

/// A new folder under $TMPDIR (else /tmp) that only this user can read; removed with all it holds.
class TemporaryFolder {
 public:
  /// Fails with kInternal: one line that names the place and the reason.
  [[nodiscard]] static Result<TemporaryFolder> make();

  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace ringmaster
