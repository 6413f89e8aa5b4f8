#include "cli/line_file.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

namespace ringmaster {
namespace {

constexpr std::chrono::seconds kFlushPause{1};

}  // namespace

Result<std::unique_ptr<LineFile>> LineFile::create(const std::string& path) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) {
    const std::string reason = errno == 0 ? "unknown reason" : std::strerror(errno);
    return invalid("cannot write " + path + ": " + reason);
  }
  return std::unique_ptr<LineFile>(new LineFile(path, std::move(out)));
}

LineFile::~LineFile() {
  errno = 0;
  if (!has_failed_ && !out_.flush()) complain_once();
}

void LineFile::write_line(std::string_view line) {
  if (has_failed_) return;
  errno = 0;
  out_ << line << '\n';
  // Who follows the file sees what happens, and a process that is killed loses little.
  if (const auto now = std::chrono::steady_clock::now(); now >= next_flush_) {
    out_.flush();
    next_flush_ = now + kFlushPause;
  }
  if (!out_) complain_once();
}

void LineFile::complain_once() {
  has_failed_ = true;
  std::fprintf(stderr, "ringmaster: cannot write %s: %s; it ends here\n", path_.c_str(),
               errno == 0 ? "unknown reason" : std::strerror(errno));
}

}  // namespace ringmaster
