// Runs a fuzz target over every file of its corpus, and over each file with single bytes changed
// and cut short, so that the target is exercised without libFuzzer too. Deterministic.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMutationsPerFileMax = 400;

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::size_t run_with_mutations(const std::vector<std::uint8_t>& bytes) {
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  const std::size_t step = bytes.size() / kMutationsPerFileMax + 1;
  std::size_t runs = 1;
  for (std::size_t i = 0; i < bytes.size(); i += step, runs += 3) {
    auto changed = bytes;
    changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1U << (i % 8)));
    LLVMFuzzerTestOneInput(changed.data(), changed.size());
    changed[i] = 0xff;
    LLVMFuzzerTestOneInput(changed.data(), changed.size());
    LLVMFuzzerTestOneInput(bytes.data(), i);
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s <corpus folder>\n", argv[0]);
    return 2;
  }
  std::size_t files = 0;
  std::size_t runs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    runs += run_with_mutations(read_file(entry.path()));
    ++files;
  }
  std::printf("%zu corpus files, %zu runs\n", files, runs);
  return files == 0 ? 1 : 0;
}
