#include "engine/loaders/model_folder.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/loaders/mapped_file.h"

namespace ringmaster::engine {
namespace {

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

Result<ModelConfig> load_model_config(const std::string& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return fail(ErrorCode::kNotFound, ErrorOrigin::kClient, folder + ": no such model folder");
  }
  const std::string config_path = folder + "/config.json";
  const auto config_file = MappedFile::open(config_path);
  if (!config_file) return tl::unexpected(config_file.error());
  auto config = parse_model_config(text_of(*config_file), config_path);
  if (!config) return config;

  const std::string generation_path = folder + "/generation_config.json";
  const auto generation_file = MappedFile::open(generation_path);
  if (!generation_file) {
    if (generation_file.error().code == ErrorCode::kNotFound) return config;
    return tl::unexpected(generation_file.error());
  }
  if (auto applied = apply_generation_config(*config, text_of(*generation_file), generation_path);
      !applied) {
    return tl::unexpected(applied.error());
  }
  return config;
}

Result<std::shared_ptr<const LoadedModel>> load_model_folder(const std::string& folder) {
  auto config = load_model_config(folder);
  if (!config) return tl::unexpected(config.error());
  auto files = SafetensorsFiles::open(folder);
  if (!files) return tl::unexpected(files.error());
  auto weights = plan_weights(*config, files->tensors(), folder);
  if (!weights) return tl::unexpected(weights.error());
  const auto path = std::filesystem::path(folder).lexically_normal();
  std::string name = (path.has_filename() ? path : path.parent_path()).filename().string();
  // Moving the files moves neither the mappings nor the copies that the weights point into.
  return std::make_shared<const LoadedModel>(LoadedModel{.name = std::move(name),
                                                         .config = *std::move(config),
                                                         .files = *std::move(files),
                                                         .weights = *std::move(weights)});
}

}  // namespace ringmaster::engine
