#include "cli/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ringmaster {

Result<TemporaryFolder> TemporaryFolder::make() {
  const char* place = std::getenv("TMPDIR");
  std::string path =
      std::string(place != nullptr && *place != 0 ? place : "/tmp") + "/ringmaster-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return fail(ErrorCode::kInternal, ErrorOrigin::kRouter,
                "cannot make the folder " + path + ": " + std::strerror(errno));
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // what cannot be removed stays; nobody is left to tell
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace ringmaster
