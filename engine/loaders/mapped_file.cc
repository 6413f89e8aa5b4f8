#include "engine/loaders/mapped_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ringmaster::engine {
namespace {

/// Closes a descriptor at the end of a scope; the mapping outlives it.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) {
    const int code = errno;
    const std::string message = path + ": cannot open: " + std::strerror(code);
    if (code == ENOENT || code == ENOTDIR)
      return fail(ErrorCode::kNotFound, ErrorOrigin::kClient, message);
    return invalid(message);
  }
  struct stat status {};
  if (::fstat(file.number, &status) != 0)
    return invalid(path + ": cannot read: " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return invalid(path + ": expected a file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile(std::span<const std::byte>{});
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (start == MAP_FAILED) return invalid(path + ": cannot map: " + std::strerror(errno));
  ::madvise(start, size, MADV_WILLNEED);  // Advice only: a failure costs time, nothing else.
  return MappedFile(std::span(static_cast<const std::byte*>(start), size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace ringmaster::engine
