#include "cli/text_file.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>

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

}  // namespace ringmaster
