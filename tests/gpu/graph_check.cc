#include <cstdio>

#include "tests/gpu/bench_model.h"
#include "tests/gpu/gpu_parts.h"

namespace ringmaster::engine::cuda {

int check_graphs() {
  BenchModel recorded(small_shape(), 512, 64, 0.3, true);
  BenchModel eager(small_shape(), 512, 64, 0.3, false);
  int failed = recorded.info().graphs == 10 ? 0 : 1;  // 1, 2, 4, 8, 12, 16, 24, 32, 48, 64.
  for (const std::int32_t batch : {1, 3, 8, 50, 64}) {
    std::vector<BenchPart> prompts;
    std::vector<BenchPart> decodes;
    for (std::int32_t s = 0; s < batch; ++s) {
      const std::int32_t tokens = 2 + s % 6;
      prompts.push_back({.query_tokens = tokens, .context_tokens = tokens});
      decodes.push_back({.query_tokens = 1, .context_tokens = tokens});
    }
    for (BenchModel* model : {&recorded, &eager}) (void)model->run(prompts);
    const auto a = recorded.run(decodes);
    const auto b = eager.run(decodes);
    bool is_equal = true;
    for (std::size_t i = 0; i < a.size(); ++i) {
      is_equal = is_equal && a[i].token == b[i].token && a[i].is_finite == 1;
    }
    std::printf("%-4s graph and eager step of %d sequences\n", is_equal ? "ok" : "FAIL", batch);
    if (!is_equal) ++failed;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace ringmaster::engine::cuda
