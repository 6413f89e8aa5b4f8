#include "cli/text_file.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace ringmaster {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 30U;

struct FileCloser {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

tl::unexpected<Error> cannot_read(const std::string& path, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument;
  return fail(code, ErrorOrigin::kClient, "cannot read " + path + ": " + std::strerror(error));
}

Status cannot_write(const std::string& path, int error) {
  return fail(ErrorCode::kUnavailable, ErrorOrigin::kRouter,
              "cannot write " + path + ": " + std::strerror(error));
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  const std::unique_ptr<std::FILE, FileCloser> file(path == "-" ? stdin
                                                                : std::fopen(path.c_str(), "rbe"));
  if (!file) return cannot_read(path, errno);
  std::string text;
  std::array<char, 65'536> piece;
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), count);
    if (text.size() > kFileBytesMax) return cannot_read(path, EFBIG);
  }
  if (std::ferror(file.get()) != 0) return cannot_read(path, errno);
  return text;
}

Status write_text(const std::string& path, std::string_view text) {
  const bool is_stdout = path == "-";
  std::FILE* file = is_stdout ? stdout : std::fopen(path.c_str(), "wb");
  bool is_written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr && (is_stdout ? std::fflush(file) : std::fclose(file)) != 0) {
    is_written = false;
  }
  if (is_written) return {};
  return cannot_write(path, errno);
}

Status check_writable(const std::string& path) {
  if (path == "-") return {};
  struct ::stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return cannot_write(path, EISDIR);
    return ::access(path.c_str(), W_OK) == 0 ? Status{} : cannot_write(path, errno);
  }
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::access(folder.c_str(), W_OK | X_OK) == 0 ? Status{} : cannot_write(path, errno);
}

}  // namespace ringmaster
