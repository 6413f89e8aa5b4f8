#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace ringmaster::engine {

/// A whole file mapped read-only into memory; unmapped on destruction. Move-only.
///
/// The file must not be cut short while it is mapped: reading past its new end ends the process.
class MappedFile {
 public:
  /// Fails with kNotFound if the file does not exist, kInvalidArgument if it cannot be read.
  [[nodiscard]] static Result<MappedFile> open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace ringmaster::engine
