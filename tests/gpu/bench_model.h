#pragma once

#include <cstdint>
#include <vector>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/step_packer.h"
#include "engine/step_input.h"

namespace ringmaster::engine::cuda {

/// Queries of one sequence in a step that is only measured: the content of tokens and cache is of
/// no matter.
struct BenchPart {
  std::int32_t query_tokens = 1;
  std::int32_t context_tokens = 1;  ///< These queries included.
};

struct BenchOptions {
  std::int32_t step_tokens_max = 512;
  std::int32_t sequences_max = 64;
  double memory_utilization = 0.3;
  bool uses_graphs = true;
  KvType kv_type = KvType::kBf16;
  FewRowsKernel few_rows_kernel = FewRowsKernel::kWhereFaster;
  bool overlaps_launches = false;
  PrefillKernel prefill_kernel = PrefillKernel::kMma;
  const char* tuning_file = nullptr;  ///< As CudaOpenRequest's.
};

/// A model with random weights on the GPU, the same for the same shape. Ends the program if
/// anything fails.
class BenchModel {
 public:
  BenchModel(const CudaModelShape& shape, const BenchOptions& options);
  ~BenchModel();
  BenchModel(const BenchModel&) = delete;
  BenchModel& operator=(const BenchModel&) = delete;

  [[nodiscard]] const CudaDeviceInfo& info() const { return info_; }
  [[nodiscard]] std::int64_t kv_tokens() const { return std::int64_t{info_.block_count} * 16; }

  /// Median of the device's own times of a step, in seconds; each sequence samples greedily.
  double time(const std::vector<BenchPart>& parts, int runs);

  /// The samples of a step.
  std::vector<SampleOutput> run(const std::vector<BenchPart>& parts);

 private:
  void build(const std::vector<BenchPart>& parts);
  double step();

  CudaModelShape shape_;
  CudaDeviceInfo info_;
  CudaDevice* device_ = nullptr;
  StepPacker packer_;
  StepInput input_;
  std::vector<SampleOutput> samples_;
};

/// A file for the products that the first session chooses and the later ones take over, so that
/// they differ in nothing else; emptied by each call.
[[nodiscard]] const char* fresh_tuning_file();

/// Qwen2.5-7B, and a small one that is quick to open.
[[nodiscard]] CudaModelShape qwen_7b_shape(std::int32_t context_tokens_max);
[[nodiscard]] CudaModelShape small_shape();

}  // namespace ringmaster::engine::cuda
