#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/device_model.h"
#include "engine/cuda/module/cuda_status.h"
#include "engine/cuda/module/device_memory.h"
#include "engine/cuda/module/graph_timer.h"
#include "engine/cuda/tuning_file.h"

namespace ringmaster::engine::cuda {

struct GemmOptions {
  bool is_deterministic = false;
  FewRowsKernel few_rows_kernel = FewRowsKernel::kWhereFaster;  ///< Never if is_deterministic.
  bool overlaps_launches = false;  ///< Of our own kernel; see LaunchQueue.
};

/// Matrix products by cuBLASLt, y = x W^T (+ bias), bfloat16 with f32 accumulation.
///
/// For each kind of product (outputs, inputs, type, bias) and each power of two of rows, the
/// library's candidates are timed once by tune(); the choice is kept in the tuning file under the
/// GPU's name and the library's version. Up to kFewRowsMax rows our own kernel takes the product
/// where it is faster, or as the options say. In deterministic mode every product runs in slabs of
/// kSlabRows rows by one algorithm without split sums, so that a row's bits do not depend on how
/// many rows there are.
class Gemm {
 public:
  /// All outlive this; `tuning` may be empty.
  Gemm(CudaStatus& status, DeviceMemory& memory, TuningFile& tuning, const GemmOptions& options);
  ~Gemm();
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;

  /// Matrices of the same size as a product's own, as of a model's other layers.
  using Weights = std::span<const Bf16* const>;

  /// Chooses for products of this kind with up to `rows_max` rows, timing with the product's own
  /// buffers, which are overwritten, and with `weights` in turn if there are any: a single matrix
  /// may stay in the L2 cache, where a model's would not be.
  void tune(cudaStream_t stream, const Product& product, std::int32_t rows_max,
            Weights weights = {});

  /// Starts a product on the stream. Allocates nothing on the device.
  void multiply(cudaStream_t stream, const Product& product);

  /// Kinds of products and buckets of rows for which tune() chose our own kernel.
  [[nodiscard]] std::int32_t few_rows_products() const {
    return static_cast<std::int32_t>(few_rows_.size());
  }

  static constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20U;  // As for Hopper advised.

 private:
  struct Layouts;
  struct Preference;

  cublasLtMatmulAlgo_t choose_or_remember(cudaStream_t stream, const Product& product,
                                          const TuningKey& key, std::int32_t rows_max,
                                          Weights weights);
  cublasLtMatmulAlgo_t choose(cudaStream_t stream, const Product& product, Weights weights);
  const cublasLtMatmulAlgo_t* find(const Product& product, std::int32_t rows) const;
  void run(cudaStream_t stream, const Product& product, const cublasLtMatmulAlgo_t& algorithm);
  cublasStatus_t start(cudaStream_t stream, const Product& product, const Layouts& layouts,
                       const cublasLtMatmulAlgo_t* algorithm);
  void tune_few_rows(cudaStream_t stream, const Product& product, const TuningKey& key,
                     Weights weights);
  [[nodiscard]] bool is_for_own_kernel(const Product& product) const;
  void run_few_rows(cudaStream_t stream, const Product& product);
  /// Milliseconds of some runs; `start_turn` starts a product, with one of the weights after the
  /// other. Requires: it has started one before.
  template <class Start>
  float time_of(cudaStream_t stream, const Product& product, Weights weights,
                const Start& start_turn);

  CudaStatus& status_;
  TuningFile& tuning_;
  GemmOptions options_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  GraphTimer timer_;
  std::map<TuningKey, cublasLtMatmulAlgo_t> chosen_;
  std::set<TuningKey> few_rows_;  // What our own kernel takes.
};

}  // namespace ringmaster::engine::cuda
