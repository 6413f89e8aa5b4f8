#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <stdlib.h>

#include "base/check.h"
#include "engine/loaders/model_folder.h"
#include "engine/tiny_model.h"

namespace ringmaster::engine {

/// A folder of its own under the system's temporary one, removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "ringmaster_test_XXXXXX").string();
    RINGMASTER_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
  }

 private:
  std::string path_;
};

/// A tiny model as it comes from disk. The mapped files stay readable when their folder is gone.
inline std::shared_ptr<const LoadedModel> load_tiny_model(const TinyModelOptions& options) {
  const TemporaryFolder folder;
  for (const ModelFile& file : make_tiny_model(options)) folder.write(file.name, file.bytes);
  auto model = load_model_folder(folder.path());
  RINGMASTER_CHECK(model.has_value());
  return *std::move(model);
}

}  // namespace ringmaster::engine
