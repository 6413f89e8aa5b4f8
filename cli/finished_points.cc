#include "cli/finished_points.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/check.h"
#include "cli/text_file.h"

namespace ringmaster {
namespace {

constexpr std::string_view kHeader = "{\"ringmaster\":\"finished points\",\"version\":1}\n";
constexpr std::string_view kDigestKey = "{\"digest\":\"";
constexpr std::size_t kDigestDigits = 32;

bool is_point(std::string_view line) {
  if (!line.starts_with(kDigestKey) || !line.ends_with('}')) return false;
  const auto digest = line.substr(kDigestKey.size(), kDigestDigits);
  return digest.size() == kDigestDigits &&
         digest.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<FinishedPoints>> FinishedPoints::open(const std::string& path) {
  if (path == "-") return invalid("--resume: expected a file, found -");
  constexpr int kMode = 0644;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (file < 0) {
    return invalid("--resume: cannot open " + path + ": " + std::generic_category().message(errno));
  }
  std::unique_ptr<FinishedPoints> points(new FinishedPoints(path, file));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return invalid("--resume: " + path + " is in use by another process");
  }
  if (auto status = points->read(); !status) return tl::unexpected(std::move(status).error());
  return points;
}

FinishedPoints::~FinishedPoints() {
  ::close(file_);
}

Status FinishedPoints::cannot(std::string_view what) const {
  return fail(
      ErrorCode::kUnavailable, ErrorOrigin::kRouter,
      "cannot " + std::string(what) + " " + path_ + ": " + std::generic_category().message(errno));
}

Status FinishedPoints::read() {
  const auto text = read_text_file(path_);
  if (!text) return tl::unexpected(text.error());
  if (kHeader.starts_with(*text)) {  // New, or interrupted while it was made.
    if (::ftruncate(file_, 0) != 0) return cannot("truncate");
    return append(kHeader);
  }
  if (!text->starts_with(kHeader)) {
    return invalid("--resume: expected a file that --resume made, found another in " + path_);
  }
  const std::size_t whole = text->rfind('\n') + 1;  // What follows was being written.
  std::size_t number = 1;
  for (std::size_t begin = kHeader.size(); begin < whole;) {
    const std::size_t end = text->find('\n', begin);
    const auto line = std::string_view(*text).substr(begin, end - begin);
    if (auto status = read_line(line, ++number); !status) return status;
    begin = end + 1;
  }
  if (whole < text->size() && ::ftruncate(file_, static_cast<::off_t>(whole)) != 0) {
    return cannot("truncate");
  }
  return {};
}

Status FinishedPoints::read_line(std::string_view line, std::size_t number) {
  if (!is_point(line)) {
    return invalid(path_ + ":" + std::to_string(number) +
                   ": expected an object that begins with a digest of 32 digits");
  }
  points_.insert_or_assign(std::string(line.substr(kDigestKey.size(), kDigestDigits)),
                           std::string(line));
  return {};
}

const std::string* FinishedPoints::find(const std::string& digest) const {
  const auto found = points_.find(digest);
  return found == points_.end() ? nullptr : &found->second;
}

Status FinishedPoints::add(std::string_view point) {
  RINGMASTER_CHECK(is_point(point));
  const std::lock_guard lock(writing_);
  return append(std::string(point) + "\n");
}

Status FinishedPoints::append(std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t written = ::write(file_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot("write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace ringmaster
