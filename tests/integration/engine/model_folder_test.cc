#include "engine/loaders/model_folder.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/safetensors_writer.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A folder with a complete tiny model, to be spoilt.
class ModelFolder : public testing::Test {
 protected:
  ModelFolder() {
    for (const ModelFile& file : make_tiny_model({})) folder_.write(file.name, file.bytes);
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  void remove(const std::string& name) const { std::filesystem::remove(path(name)); }

  /// What load_model_folder says, without the folder's own name.
  [[nodiscard]] std::string error() const {
    const auto model = load_model_folder(folder_.path());
    if (model) return "no error";
    std::string message = model.error().message;
    for (std::size_t at = 0; (at = message.find(folder_.path())) != std::string::npos;) {
      message.replace(at, folder_.path().size(), "DIR");
    }
    return message;
  }

  TemporaryFolder folder_;
};

NamedTensor tensor(const std::string& name) {
  return {.name = name, .shape = {2}, .values = {1.0F, 2.0F}};
}

TEST_F(ModelFolder, IsReadWithItsConfigAndWeights) {
  const auto model = load_model_folder(folder_.path() + "/");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT((*model)->name, StartsWith("ringmaster_test_"));
  EXPECT_EQ((*model)->config.layers, 2);
  EXPECT_EQ((*model)->config.end_tokens, (std::vector<TokenId>{500, 497}));
  EXPECT_EQ((*model)->weights.layers[1].down.shape, (Shape{64, 176}));
}

TEST_F(ModelFolder, IsTheSameBytesForTheSameSeed) {
  EXPECT_EQ(make_tiny_model({.seed = 3})[2].bytes, make_tiny_model({.seed = 3})[2].bytes);
  EXPECT_NE(make_tiny_model({.seed = 3})[2].bytes, make_tiny_model({.seed = 4})[2].bytes);
}

TEST_F(ModelFolder, IsNamedWhenItDoesNotExist) {
  EXPECT_EQ(load_model_folder("/no/such/model").error().message,
            "/no/such/model: no such model folder");
}

TEST_F(ModelFolder, NeedsAConfig) {
  remove("config.json");
  EXPECT_EQ(error(), "DIR/config.json: cannot open: No such file or directory");
}

TEST_F(ModelFolder, DoesWithoutAGenerationConfig) {
  remove("generation_config.json");
  EXPECT_EQ(error(), "no error");
}

TEST_F(ModelFolder, NeedsWeights) {
  remove("model.safetensors");
  EXPECT_EQ(error(), "DIR: expected model.safetensors or model.safetensors.index.json");
}

TEST_F(ModelFolder, NamesATruncatedFileAndItsTensor) {
  std::filesystem::resize_file(path("model.safetensors"), 200'000);
  EXPECT_THAT(error(), StartsWith("DIR/model.safetensors: tensor model.layers."));
  EXPECT_THAT(error(), HasSubstr("(truncated file?)"));
}

TEST_F(ModelFolder, NamesAnEmptyWeightFile) {
  std::filesystem::resize_file(path("model.safetensors"), 0);
  EXPECT_EQ(error(), "DIR/model.safetensors: expected a safetensors file, is only 0 bytes long");
}

TEST_F(ModelFolder, NamesATensorThatDoesNotFitTheConfig) {
  folder_.write("config.json", make_tiny_model({.shape = TinyShape::kTinyQwen3})[0].bytes);
  EXPECT_EQ(error(),
            "DIR: tensor model.layers.0.self_attn.q_proj.weight has shape [64, 64], config.json "
            "makes it [128, 64]");
}

TEST_F(ModelFolder, ReadsTheShardsOfAnIndex) {
  const std::string weights = make_tiny_model({})[2].bytes;
  remove("model.safetensors");
  folder_.write("all.safetensors", weights);
  folder_.write("model.safetensors.index.json",
                R"({"weight_map": {"model.norm.weight": "all.safetensors"}})");
  EXPECT_EQ(error(), "no error");
}

TEST_F(ModelFolder, NamesAMissingShard) {
  folder_.write("model.safetensors.index.json",
                R"({"weight_map": {"model.norm.weight": "two.safetensors"}})");
  EXPECT_EQ(error(),
            "DIR/model.safetensors.index.json: DIR/two.safetensors: cannot open: No such file or "
            "directory");
}

TEST_F(ModelFolder, NamesATensorThatItsShardLacks) {
  folder_.write("a.safetensors", write_safetensors(std::vector{tensor("a")}, DType::kF32));
  folder_.write("model.safetensors.index.json", R"({"weight_map": {"b": "a.safetensors"}})");
  EXPECT_EQ(error(), "DIR/model.safetensors.index.json: tensor b is not in a.safetensors");
}

TEST_F(ModelFolder, NamesATensorThatStandsInTwoShards) {
  folder_.write("a.safetensors",
                write_safetensors(std::vector{tensor("x"), tensor("a")}, DType::kF32));
  folder_.write("b.safetensors",
                write_safetensors(std::vector{tensor("x"), tensor("b")}, DType::kF32));
  folder_.write("model.safetensors.index.json",
                R"({"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}})");
  EXPECT_THAT(error(), HasSubstr("DIR/b.safetensors: tensor x: stands in another shard too"));
}

TEST_F(ModelFolder, RefusesAShardOutsideTheFolder) {
  folder_.write("model.safetensors.index.json", R"({"weight_map": {"a": "../../etc/passwd"}})");
  EXPECT_EQ(
      error(),
      "DIR/model.safetensors.index.json: weight_map.a: expected the name of a file in this folder");
}

TEST_F(ModelFolder, AlignsTensorsThatOldWritersDidNot) {
  std::string file = write_safetensors(std::vector{tensor("a")}, DType::kF32);
  file[0] =
      static_cast<char>(file[0] + 1);  // One more byte of header: all data stand off alignment.
  file.insert(8 + static_cast<std::size_t>(file[0]) - 1, " ");
  TemporaryFolder folder;
  folder.write("model.safetensors", file);
  const auto files = SafetensorsFiles::open(folder.path());
  ASSERT_TRUE(files) << files.error().message;
  const TensorView& view = files->tensors().at("a");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.data) % 4, 0U);
  EXPECT_EQ(floats_of(view), (std::vector<float>{1.0F, 2.0F}));
}

}  // namespace
}  // namespace ringmaster::engine
