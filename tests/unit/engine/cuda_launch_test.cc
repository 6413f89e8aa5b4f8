// That no kernel of the module can be started around the one entry that waits for the kernel
// before. What the entry does is in tests/integration/cuda_module/launch_test.cc.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ringmaster::engine::cuda {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(CudaLaunch, HasOneEntryForAllKernels) {
  std::vector<std::string> entries;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(RINGMASTER_SOURCE_DIR) / "engine/cuda")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string text = read(entry.path());
    for (auto at = text.find("__global__"); at != std::string::npos;
         at = text.find("__global__", at + 1)) {
      entries.push_back(entry.path().filename());
    }
  }
  EXPECT_GT(files, 40);
  EXPECT_EQ(entries, std::vector<std::string>{"launch.cuh"});
}

}  // namespace
}  // namespace ringmaster::engine::cuda
