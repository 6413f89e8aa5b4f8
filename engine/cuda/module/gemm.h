#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "engine/cuda/device_model.h"
#include "engine/cuda/module/cuda_status.h"
#include "engine/cuda/module/device_memory.h"
#include "engine/cuda/tuning_file.h"

namespace ringmaster::engine::cuda {

/// Matrix products by cuBLASLt, y = x W^T (+ bias), bfloat16 with f32 accumulation.
///
/// For each kind of product (outputs, inputs, type, bias) and each power of two of rows, the
/// library's candidates are timed once by tune(); the choice is kept in the tuning file under the
/// GPU's name and the library's version. In deterministic mode every product runs in slabs of
/// kSlabRows rows by one algorithm without split sums, so that a row's bits do not depend on how
/// many rows there are.
class Gemm {
 public:
  /// All outlive this; `tuning` may be empty.
  Gemm(CudaStatus& status, DeviceMemory& memory, TuningFile& tuning, bool is_deterministic);
  ~Gemm();
  Gemm(const Gemm&) = delete;
  Gemm& operator=(const Gemm&) = delete;

  /// Chooses for products of this kind with up to `rows_max` rows, timing with the product's own
  /// buffers, which are overwritten.
  void tune(cudaStream_t stream, const Product& product, std::int32_t rows_max);

  /// Starts a product on the stream. Allocates nothing on the device.
  void multiply(cudaStream_t stream, const Product& product);

  static constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20U;  // As for Hopper advised.

 private:
  struct Layouts;

  cublasLtMatmulAlgo_t choose(cudaStream_t stream, const Product& product);
  const cublasLtMatmulAlgo_t* find(const Product& product, std::int32_t rows) const;
  void run(cudaStream_t stream, const Product& product, const cublasLtMatmulAlgo_t& algorithm);
  float time_of(cudaStream_t stream, const Product& product, const cublasLtMatmulAlgo_t& algorithm);

  CudaStatus& status_;
  TuningFile& tuning_;
  bool is_deterministic_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
  std::map<TuningKey, cublasLtMatmulAlgo_t> chosen_;
};

}  // namespace ringmaster::engine::cuda
