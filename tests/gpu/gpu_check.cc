// What only a GPU can show, of the module alone: scripts/gpu-check builds and runs it.

#include <cstdio>
#include <cstring>

#include "engine/cuda/cuda_api.h"
#include "tests/gpu/gpu_parts.h"

extern "C" const ringmaster::engine::cuda::CudaApi* ringmaster_cuda_api();

int main(int argc, char** argv) {
  namespace cuda = ringmaster::engine::cuda;
  const struct {
    const char* name;
    int (*run)();
  } parts[] = {{"probe", [] { return 0; }},          {"kernels", cuda::check_kernels},
               {"graphs", cuda::check_graphs},       {"graphs-briefly", cuda::check_graphs_briefly},
               {"products", cuda::compare_few_rows}, {"speed", cuda::measure_speed},
               {"steps", cuda::measure_steps}};
  char reason[512] = {};
  if (ringmaster_cuda_api()->device_count(reason, sizeof reason) == 0) {
    std::fprintf(stderr, "gpu_check: no GPU is usable: %s\n", reason);
    return 3;
  }
  for (const auto& part : parts) {
    if (argc == 2 && std::strcmp(argv[1], part.name) == 0) return part.run();
  }
  std::fprintf(
      stderr,
      "gpu_check: expected one of probe, kernels, graphs, graphs-briefly, products, speed, "
      "steps\n");
  return 2;
}
