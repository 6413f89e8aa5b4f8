#include "tests/gpu/bench_model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

extern "C" const ringmaster::engine::cuda::CudaApi* ringmaster_cuda_api();

namespace ringmaster::engine::cuda {
namespace {

constexpr std::int32_t kBlockTokens = 16;

[[noreturn]] void end_program(const char* message) {
  std::fprintf(stderr, "gpu_check: %s\n", message);
  std::exit(1);
}

}  // namespace

BenchModel::BenchModel(const CudaModelShape& shape, const BenchOptions& options)
    : shape_(shape),
      packer_({.block_tokens = kBlockTokens,
               .group = shape.heads / shape.kv_heads,
               .sequences_max = options.sequences_max}) {
  std::vector<float> cosines;
  std::vector<float> sines;
  for (std::int32_t p = 0; p < shape.context_tokens_max; ++p) {
    for (std::int32_t j = 0; j < shape.head_dim / 2; ++j) {
      const double angle = p * std::pow(1e6, -2.0 * j / shape.head_dim);
      cosines.push_back(static_cast<float>(std::cos(angle)));
      sines.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  const CudaOpenRequest request{.shape = shape,
                                .cosines = cosines.data(),
                                .sines = sines.data(),
                                .block_tokens = kBlockTokens,
                                .memory_utilization = options.memory_utilization,
                                .step_tokens_max = options.step_tokens_max,
                                .sequences_max = options.sequences_max,
                                .uses_graphs = options.uses_graphs ? 1 : 0,
                                .tuning_file = options.tuning_file,
                                .kv_type = options.kv_type,
                                .few_rows_kernel = options.few_rows_kernel,
                                .overlaps_launches = options.overlaps_launches ? 1 : 0,
                                .prefill_kernel = options.prefill_kernel};
  char error[512] = {};
  if (ringmaster_cuda_api()->open(&request, &device_, &info_, error, sizeof error) != 0) {
    end_program(error);
  }
}

BenchModel::~BenchModel() {
  ringmaster_cuda_api()->close(device_);
}

void BenchModel::build(const std::vector<BenchPart>& parts) {
  input_.clear();
  std::int32_t next_block = 0;
  for (const BenchPart& part : parts) {
    const std::int32_t blocks = (part.context_tokens + kBlockTokens - 1) / kBlockTokens;
    input_.sequences.push_back(
        {.slot = static_cast<std::int32_t>(input_.sequences.size()),
         .query_start = static_cast<std::int32_t>(input_.tokens.size()),
         .query_tokens = part.query_tokens,
         .context_tokens = part.context_tokens,
         .block_table_start = static_cast<std::int32_t>(input_.block_tables.size()),
         .block_count = blocks,
         .sample_row = static_cast<std::int32_t>(input_.sampling.size())});
    for (std::int32_t i = 0; i < blocks; ++i) {
      // Blocks are shared once the pool is used up; by then all of them lie far outside the L2.
      input_.block_tables.push_back(next_block++ % info_.block_count);
    }
    for (std::int32_t i = 0; i < part.query_tokens; ++i) {
      const std::int32_t position = part.context_tokens - part.query_tokens + i;
      input_.tokens.push_back((position * 7919 + 13) % shape_.vocabulary);
      input_.positions.push_back(position);
    }
    input_.sampling.push_back({.options = {.temperature = 0.0F}});
    input_.decode_sequences += part.query_tokens == 1 ? 1 : 0;
  }
}

double BenchModel::step() {
  const CudaStep step = packer_.pack(input_);
  samples_.resize(input_.sampling.size());
  char error[512] = {};
  double seconds = 0.0;
  const CudaApi& api = *ringmaster_cuda_api();
  if (api.submit(device_, &step, error, sizeof error) != 0 ||
      api.wait(device_, samples_.data(), static_cast<std::int32_t>(samples_.size()), &seconds,
               error, sizeof error) != 0) {
    end_program(error);
  }
  return seconds;
}

double BenchModel::time(const std::vector<BenchPart>& parts, int runs) {
  build(parts);
  step();  // Warms up.
  std::vector<double> seconds;
  for (int i = 0; i < runs; ++i) seconds.push_back(step());
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

std::vector<SampleOutput> BenchModel::run(const std::vector<BenchPart>& parts) {
  build(parts);
  step();
  return samples_;
}

const char* fresh_tuning_file() {
  static const auto path = std::filesystem::temp_directory_path() / "ringmaster-gpu-check-products";
  std::filesystem::remove(path);
  return path.c_str();
}

CudaModelShape qwen_7b_shape(std::int32_t context_tokens_max) {
  return {.layers = 28,
          .hidden = 3584,
          .heads = 28,
          .kv_heads = 4,
          .head_dim = 128,
          .feed_forward = 18'944,
          .vocabulary = 152'064,
          .context_tokens_max = context_tokens_max,
          .norm_epsilon = 1e-6F,
          .has_qkv_bias = 1};
}

CudaModelShape small_shape() {
  return {.layers = 4,
          .hidden = 512,
          .heads = 8,
          .kv_heads = 2,
          .head_dim = 64,
          .feed_forward = 1408,
          .vocabulary = 8000,
          .context_tokens_max = 2048,
          .norm_epsilon = 1e-6F,
          .has_qk_norm = 1,
          .has_tied_head = 1};
}

}  // namespace ringmaster::engine::cuda
