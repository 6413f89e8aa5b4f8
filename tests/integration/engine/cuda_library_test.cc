#include "engine/cuda/cuda_library.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

std::string failure(const std::string& path) {
  const auto api = load_cuda_api(path);
  return api ? "loaded" : api.error().message;
}

TEST(CudaLibrary, SaysThatTheModuleIsMissingAndWhichDevicesWork) {
  EXPECT_EQ(failure("/nowhere/libringmaster_cuda.so"),
            "no GPU is usable: /nowhere/libringmaster_cuda.so is missing (the CUDA toolkit builds "
            "it: cmake --preset cuda); --device cpu and --device sim work");
}

TEST(CudaLibrary, RefusesAFileThatIsNoLibrary) {
  const TemporaryFolder folder;
  folder.write("module.so", "not a library");
  const std::string message = failure(folder.path() + "/module.so");
  EXPECT_TRUE(message.starts_with("no GPU is usable: ")) << message;
  EXPECT_TRUE(message.ends_with("; --device cpu and --device sim work")) << message;
}

}  // namespace
}  // namespace ringmaster::engine
