#include "cli/model_folder_writer.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace ringmaster {
namespace {

namespace fs = std::filesystem;

fs::path temporary_path(const fs::path& folder, const std::string& name) {
  return folder / ("." + name + ".partial");
}

Status prepare_folder(const fs::path& folder, bool force) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    return invalid(folder.string() + ": expected a folder, is a file");
  }
  fs::create_directories(folder, error);
  if (error) return invalid(folder.string() + ": cannot make the folder: " + error.message());
  const bool is_empty = fs::is_empty(folder, error);
  if (error) return invalid(folder.string() + ": cannot read the folder: " + error.message());
  if (!is_empty && !force)
    return invalid(folder.string() + ": is not empty; --force writes into it nevertheless");
  return {};
}

Status write_file(const fs::path& path, const std::string& bytes) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) return {};
  return invalid(path.string() +
                 ": cannot write: " + (errno != 0 ? std::strerror(errno) : "unknown reason"));
}

void remove_temporary_files(const fs::path& folder, const std::vector<engine::ModelFile>& files) {
  std::error_code ignored;
  for (const auto& file : files) fs::remove(temporary_path(folder, file.name), ignored);
}

}  // namespace

Status write_model_folder(const std::string& folder, const std::vector<engine::ModelFile>& files,
                          bool force) {
  if (auto prepared = prepare_folder(folder, force); !prepared) return prepared;
  for (const auto& file : files) {
    if (auto written = write_file(temporary_path(folder, file.name), file.bytes); !written) {
      remove_temporary_files(folder, files);
      return written;
    }
  }
  for (const auto& file : files) {
    std::error_code error;
    fs::rename(temporary_path(folder, file.name), fs::path(folder) / file.name, error);
    if (error) {
      remove_temporary_files(folder, files);
      return invalid((fs::path(folder) / file.name).string() +
                     ": cannot write: " + error.message());
    }
  }
  return {};
}

}  // namespace ringmaster
