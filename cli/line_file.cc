#include "cli/line_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringmaster {

Result<std::unique_ptr<LineFile>> LineFile::create(const std::string& path) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) {
    const std::string reason = errno == 0 ? "unknown reason" : std::strerror(errno);
    return invalid("cannot write " + path + ": " + reason);
  }
  return std::unique_ptr<LineFile>(new LineFile(std::move(out)));
}

void LineFile::write_line(std::string_view line) {
  out_ << line << '\n';
}

}  // namespace ringmaster
