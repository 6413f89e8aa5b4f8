// What of programmatic dependent launch can be checked without a card: that no kernel of the module
// can be started around the one entry that waits for the kernel before.

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

TEST(CudaLaunch, WaitsForTheKernelBeforeAheadOfAllElse) {
  const std::string text =
      read(std::filesystem::path(RINGMASTER_SOURCE_DIR) / "engine/cuda/module/launch.cuh");
  const auto entry = text.find("run_kernel(const __grid_constant__");
  const auto waits = text.find("if (overlaps) overlap_launches();", entry);
  const auto runs = text.find("Kernel::run(", entry);
  ASSERT_NE(runs, std::string::npos);
  EXPECT_LT(waits, runs);
  const auto triggers = text.find("cudaTriggerProgrammaticLaunchCompletion();");
  const auto depends = text.find("cudaGridDependencySynchronize();");
  EXPECT_LT(triggers, depends);
  EXPECT_LT(depends, entry);
}

}  // namespace
}  // namespace ringmaster::engine::cuda
