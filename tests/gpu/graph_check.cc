#include <cstdint>
#include <cstdio>
#include <vector>

#include "engine/cuda/module/launch.h"
#include "tests/gpu/bench_model.h"
#include "tests/gpu/gpu_parts.h"

namespace ringmaster::engine::cuda {

namespace {

/// The tokens of recorded decode steps against those of `eager`; how many differ.
int compare(BenchModel& recorded, BenchModel& eager, const char* what) {
  int failed = recorded.info().graphs == 10 ? 0 : 1;  // 1, 2, 4, 8, 12, 16, 24, 32, 48, 64.
  for (const std::int32_t batch : {1, 3, 8, 50, 64}) {
    std::vector<BenchPart> prompts;
    std::vector<BenchPart> decodes;
    for (std::int32_t s = 0; s < batch; ++s) {
      const std::int32_t tokens = 2 + s % 6;
      prompts.push_back({.query_tokens = tokens, .context_tokens = tokens});
      decodes.push_back({.query_tokens = 1, .context_tokens = tokens});
    }
    bool is_equal = true;
    for (const auto& parts : {prompts, decodes}) {
      const auto a = recorded.run(parts);
      const auto b = eager.run(parts);
      for (std::size_t i = 0; i < a.size(); ++i) {
        is_equal = is_equal && a[i].token == b[i].token && a[i].is_finite == 1;
      }
    }
    std::printf("%-4s graph and eager step of %d sequences%s\n", is_equal ? "ok" : "FAIL", batch,
                what);
    if (!is_equal) ++failed;
  }
  return failed;
}

}  // namespace

int check_graphs() {
  const BenchOptions plain{.memory_utilization = 0.2,
                           .few_rows_kernel = FewRowsKernel::kAlways,
                           .tuning_file = fresh_tuning_file()};
  BenchOptions other = plain;
  other.uses_graphs = false;
  int failed = 0;
  {
    BenchModel eager(small_shape(), other);
    BenchModel recorded(small_shape(), plain);
    failed += compare(recorded, eager, "");
    if (kernel_code().can_overlap_launches) {
      other = plain;
      other.overlaps_launches = true;
      BenchModel overlapped(small_shape(), other);
      failed += compare(overlapped, eager, ", overlapped launches");
    } else {
      std::printf("skipped: overlapped launches want compute capability 9.0\n");
    }
  }
  other = plain;
  other.kv_type = KvType::kE4m3;
  BenchModel recorded(small_shape(), other);
  other.uses_graphs = false;
  BenchModel eager(small_shape(), other);
  failed += compare(recorded, eager, ", e4m3");
  return failed == 0 ? 0 : 1;
}

}  // namespace ringmaster::engine::cuda
