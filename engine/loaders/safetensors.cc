#include "engine/loaders/safetensors.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "engine/loaders/safetensors_header.h"

namespace ringmaster::engine {
namespace {

constexpr std::size_t kAlignment = 4;  // Of a float, the largest element that is computed with.

/// Tensor name to the shard that holds it.
using ShardMap = std::map<std::string, std::string>;

/// A shard lies beside its index: a name with a slash would reach outside the folder.
bool is_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

Result<ShardMap> read_index(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  simdjson::dom::parser parser;
  simdjson::dom::object weight_map;
  const auto text = file->bytes();
  if (parser.parse(reinterpret_cast<const char*>(text.data()), text.size())["weight_map"].get(
          weight_map) != simdjson::SUCCESS) {
    return invalid(path + ": weight_map: expected an object of tensor names and file names");
  }
  ShardMap shards;
  for (const auto [name, value] : weight_map) {
    std::string_view shard;
    if (value.get(shard) != simdjson::SUCCESS || !is_file_name(shard)) {
      return invalid(path + ": weight_map." + std::string(name) +
                     ": expected the name of a file in this folder");
    }
    shards.emplace(name, shard);
  }
  return shards;
}

}  // namespace

Result<SafetensorsFiles> SafetensorsFiles::open(const std::string& folder) {
  SafetensorsFiles files;
  const std::string index_path = folder + "/model.safetensors.index.json";
  const auto shards = read_index(index_path);
  if (!shards) {
    if (shards.error().code != ErrorCode::kNotFound) return tl::unexpected(shards.error());
    const std::string path = folder + "/model.safetensors";
    if (auto added = files.add_file(path); !added) {
      if (added.error().code == ErrorCode::kNotFound) {
        return fail(ErrorCode::kNotFound, ErrorOrigin::kClient,
                    folder + ": expected model.safetensors or model.safetensors.index.json");
      }
      return tl::unexpected(added.error());
    }
    return files;
  }
  std::set<std::string> names;
  for (const auto& [tensor, shard] : *shards) names.insert(shard);
  for (const std::string& name : names) {
    if (auto added = files.add_file(folder + "/" + name); !added) {
      return tl::unexpected(std::move(added.error()).while_doing(index_path));
    }
  }
  for (const auto& [tensor, shard] : *shards) {
    if (!files.tensors_.contains(tensor)) {
      return invalid(index_path + ": tensor " + tensor + " is not in " + shard);
    }
  }
  return files;
}

Status SafetensorsFiles::add_file(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const auto entries = parse_safetensors_header(file->bytes(), path);
  if (!entries) return tl::unexpected(entries.error());
  for (const SafetensorsEntry& entry : *entries) {
    auto bytes = file->bytes().subspan(entry.begin, entry.end - entry.begin);
    if (entry.dtype != DType::kOther && entry.begin % kAlignment != 0) {
      bytes = copies_.emplace_back(bytes.begin(), bytes.end());
    }
    const TensorView view{.dtype = entry.dtype,
                          .shape = entry.shape,
                          .data = bytes.data(),
                          .type_name = entry.type_name};
    if (!tensors_.emplace(entry.name, view).second) {
      return invalid(path + ": tensor " + entry.name + ": stands in another shard too");
    }
  }
  files_.push_back(*std::move(file));
  return {};
}

}  // namespace ringmaster::engine
