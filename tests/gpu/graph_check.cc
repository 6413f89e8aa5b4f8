#include <cstdint>
#include <cstdio>
#include <vector>

#include "engine/cuda/module/launch.h"
#include "tests/gpu/bench_model.h"
#include "tests/gpu/gpu_parts.h"

namespace ringmaster::engine::cuda {

namespace {

/// The tokens of recorded decode steps against those of `eager`; how many differ.
int compare(BenchModel& recorded, BenchModel& eager, const std::vector<std::int32_t>& batches,
            const char* what) {
  int failed = recorded.info().graphs > 0 && eager.info().graphs == 0 ? 0 : 1;
  for (const std::int32_t batch : batches) {
    std::vector<BenchPart> prompts;
    std::vector<BenchPart> decodes;
    for (std::int32_t s = 0; s < batch; ++s) {
      // Long enough for attention in two pieces, or many short ones.
      const std::int32_t tokens = batch <= 3 ? 480 / batch - s : 2 + s % 6;
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

BenchOptions eager_options() {
  return {.memory_utilization = 0.2,
          .uses_graphs = false,
          .few_rows_kernel = FewRowsKernel::kAlways,
          .tuning_file = fresh_tuning_file()};
}

BenchOptions recorded(BenchOptions options) {
  options.uses_graphs = true;
  return options;
}

BenchOptions in_e4m3(BenchOptions options) {
  options.kv_type = KvType::kE4m3;
  return options;
}

}  // namespace

int check_graphs() {
  const std::vector<std::int32_t> batches{1, 3, 8, 50, 64};
  const BenchOptions eager = eager_options();
  int failed = 0;
  {
    BenchModel expected(small_shape(), eager);
    BenchModel graphs(small_shape(), recorded(eager));
    if (graphs.info().graphs != 10) ++failed;  // 1, 2, 4, 8, 12, 16, 24, 32, 48, 64.
    failed += compare(graphs, expected, batches, "");
    if (kernel_code().can_overlap_launches) {
      BenchOptions options = recorded(eager);
      options.overlaps_launches = true;
      BenchModel overlapped(small_shape(), options);
      failed += compare(overlapped, expected, batches, ", overlapped launches");
    } else {
      std::printf("skipped: overlapped launches want compute capability 9.0\n");
    }
  }
  BenchModel expected(small_shape(), in_e4m3(eager));
  BenchModel graphs(small_shape(), in_e4m3(recorded(eager)));
  failed += compare(graphs, expected, batches, ", e4m3");
  return failed == 0 ? 0 : 1;
}

int check_graphs_briefly() {
  BenchOptions eager = eager_options();
  eager.sequences_max = 4;
  int failed = 0;
  for (const BenchOptions& options : {eager, in_e4m3(eager)}) {
    BenchModel expected(small_shape(), options);
    BenchModel graphs(small_shape(), recorded(options));
    failed += compare(graphs, expected, {1, 3}, options.kv_type == KvType::kE4m3 ? ", e4m3" : "");
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace ringmaster::engine::cuda
