#include "engine/cuda/module/gemm.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/cuda/batch_buckets.h"
#include "engine/cuda/buffer_plan.h"

namespace ringmaster::engine::cuda {
namespace {

constexpr int kCandidates = 8;
constexpr int kTimedRuns = 3;

static_assert(sizeof(cublasLtMatmulAlgo_t) == sizeof(TuningChoice));

TuningKey key_of(const Product& product, std::int32_t rows) {
  return {.rows = gemm_bucket(rows),
          .inputs = product.inputs,
          .outputs = product.outputs,
          .is_f32 = product.is_f32,
          .has_bias = product.bias != nullptr};
}

}  // namespace

/// The library sees column-major matrices: y^T (outputs x rows) = W (transposed) x x^T.
struct Gemm::Layouts {
  cublasLtMatmulDesc_t operation = nullptr;
  cublasLtMatrixLayout_t weight = nullptr;
  cublasLtMatrixLayout_t x = nullptr;
  cublasLtMatrixLayout_t y = nullptr;

  Layouts(CudaStatus& status, const Product& product) {
    const auto rows = static_cast<std::uint64_t>(product.rows);
    const auto inputs = static_cast<std::uint64_t>(product.inputs);
    const auto outputs = static_cast<std::uint64_t>(product.outputs);
    const cudaDataType_t type = product.is_f32 ? CUDA_R_32F : CUDA_R_16BF;
    status.note(cublasLtMatmulDescCreate(&operation, CUBLAS_COMPUTE_32F, CUDA_R_32F), "product");
    const cublasOperation_t transposed = CUBLAS_OP_T;
    set(status, CUBLASLT_MATMUL_DESC_TRANSA, transposed);
    if (product.bias != nullptr) {
      const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
      const void* bias = product.bias;
      const cudaDataType_t bias_type = CUDA_R_16BF;
      set(status, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
      set(status, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
      set(status, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, bias_type);
    }
    const auto ld_in = static_cast<std::int64_t>(inputs);
    const auto ld_out = static_cast<std::int64_t>(outputs);
    status.note(cublasLtMatrixLayoutCreate(&weight, CUDA_R_16BF, inputs, outputs, ld_in), "weight");
    status.note(cublasLtMatrixLayoutCreate(&x, CUDA_R_16BF, inputs, rows, ld_in), "input");
    status.note(cublasLtMatrixLayoutCreate(&y, type, outputs, rows, ld_out), "output");
  }
  Layouts(const Layouts&) = delete;
  Layouts& operator=(const Layouts&) = delete;
  ~Layouts() {
    for (auto* layout : {weight, x, y}) {
      if (layout != nullptr) cublasLtMatrixLayoutDestroy(layout);
    }
    if (operation != nullptr) cublasLtMatmulDescDestroy(operation);
  }

 private:
  template <class T>
  void set(CudaStatus& status, cublasLtMatmulDescAttributes_t attribute, const T& value) {
    status.note(cublasLtMatmulDescSetAttribute(operation, attribute, &value, sizeof value),
                "product attribute");
  }
};

Gemm::Gemm(CudaStatus& status, DeviceMemory& memory, TuningFile& tuning, bool is_deterministic)
    : status_(status), tuning_(tuning), is_deterministic_(is_deterministic) {
  status_.note(cublasLtCreate(&handle_), "cuBLASLt");
  workspace_ = memory.take<unsigned char>(kWorkspaceBytes, "memory for products");
  status_.note(cudaEventCreate(&begin_), "event");
  status_.note(cudaEventCreate(&end_), "event");
}

Gemm::~Gemm() {
  if (begin_ != nullptr) cudaEventDestroy(begin_);
  if (end_ != nullptr) cudaEventDestroy(end_);
  if (handle_ != nullptr) cublasLtDestroy(handle_);
}

void Gemm::tune(cudaStream_t stream, const Product& product, std::int32_t rows_max) {
  const std::int32_t first = is_deterministic_ ? kSlabRows : 1;
  const std::int32_t last = is_deterministic_ ? kSlabRows : gemm_bucket(rows_max);
  for (std::int32_t rows = first; rows <= last && status_.ok(); rows *= 2) {
    const TuningKey key = key_of(product, rows);
    if (chosen_.contains(key)) continue;
    Product sized = product;
    sized.rows = std::min(rows, std::max(rows_max, first));
    // Deterministic mode restricts the choice, so it neither takes nor leaves one in the file.
    const TuningChoice* known = is_deterministic_ ? nullptr : tuning_.find(key);
    if (known != nullptr) {
      std::memcpy(&chosen_[key], known, sizeof *known);
      continue;
    }
    const cublasLtMatmulAlgo_t algorithm = choose(stream, sized);
    chosen_[key] = algorithm;
    if (is_deterministic_) continue;
    TuningChoice choice;
    std::memcpy(&choice, &algorithm, sizeof choice);
    tuning_.put(key, choice);
  }
}

cublasLtMatmulAlgo_t Gemm::choose(cudaStream_t stream, const Product& product) {
  const Layouts layouts(status_, product);
  cublasLtMatmulPreference_t preference = nullptr;
  status_.note(cublasLtMatmulPreferenceCreate(&preference), "preference");
  const std::size_t workspace = kWorkspaceBytes;
  status_.note(
      cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                           &workspace, sizeof workspace),
      "preference");
  if (is_deterministic_) {
    const std::uint32_t no_split = CUBLASLT_REDUCTION_SCHEME_NONE;
    status_.note(
        cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                             &no_split, sizeof no_split),
        "preference");
  }
  cublasLtMatmulHeuristicResult_t candidates[kCandidates];
  int found = 0;
  status_.note(cublasLtMatmulAlgoGetHeuristic(handle_, layouts.operation, layouts.weight, layouts.x,
                                              layouts.y, layouts.y, preference, kCandidates,
                                              candidates, &found),
               "choice of a product");
  cublasLtMatmulPreferenceDestroy(preference);
  if (found == 0) {
    status_.fail("no algorithm for a product of " + std::to_string(product.rows) + " rows, " +
                 std::to_string(product.inputs) + " inputs and " + std::to_string(product.outputs) +
                 " outputs");
    return {};
  }
  // The first one is the library's own advice; where runs must agree, timing must not decide.
  int best = 0;
  float best_time = 0.0F;
  for (int i = 0; i < found && !is_deterministic_ && status_.ok(); ++i) {
    if (candidates[i].state != CUBLAS_STATUS_SUCCESS) continue;
    const float time = time_of(stream, product, candidates[i].algo);
    if (i > 0 && time >= best_time) continue;
    best = i;
    best_time = time;
  }
  return candidates[best].algo;
}

float Gemm::time_of(cudaStream_t stream, const Product& product,
                    const cublasLtMatmulAlgo_t& algorithm) {
  run(stream, product, algorithm);  // Warms up.
  status_.note(cudaEventRecord(begin_, stream), "event");
  for (int i = 0; i < kTimedRuns; ++i) run(stream, product, algorithm);
  status_.note(cudaEventRecord(end_, stream), "event");
  status_.note(cudaEventSynchronize(end_), "timing of a product");
  float milliseconds = 0.0F;
  status_.note(cudaEventElapsedTime(&milliseconds, begin_, end_), "timing of a product");
  return milliseconds;
}

const cublasLtMatmulAlgo_t* Gemm::find(const Product& product, std::int32_t rows) const {
  const auto found = chosen_.find(key_of(product, rows));
  return found == chosen_.end() ? nullptr : &found->second;
}

void Gemm::multiply(cudaStream_t stream, const Product& product) {
  if (!status_.ok() || product.rows == 0) return;
  if (!is_deterministic_) {
    const cublasLtMatmulAlgo_t* algorithm = find(product, product.rows);
    if (algorithm == nullptr) {
      status_.fail("a product of " + std::to_string(product.rows) + " rows was not prepared");
      return;
    }
    run(stream, product, *algorithm);
    return;
  }
  const cublasLtMatmulAlgo_t* algorithm = find(product, kSlabRows);
  if (algorithm == nullptr) {
    status_.fail("a product was not prepared");
    return;
  }
  // Whole slabs: the buffers have room for them, and rows beyond the last are never read.
  const std::int64_t element_bytes = product.is_f32 ? 4 : 2;
  for (std::int64_t row = 0; row < product.rows; row += kSlabRows) {
    Product slab = product;
    slab.rows = kSlabRows;
    slab.x = product.x + row * product.inputs;
    slab.y = static_cast<unsigned char*>(product.y) + row * product.outputs * element_bytes;
    run(stream, slab, *algorithm);
  }
}

void Gemm::run(cudaStream_t stream, const Product& product, const cublasLtMatmulAlgo_t& algorithm) {
  const Layouts layouts(status_, product);
  if (!status_.ok()) return;
  const float one = 1.0F;
  const float zero = 0.0F;
  const auto start = [&](const cublasLtMatmulAlgo_t* by) {
    return cublasLtMatmul(handle_, layouts.operation, &one, product.weight, layouts.weight,
                          product.x, layouts.x, &zero, product.y, layouts.y, product.y, layouts.y,
                          by, workspace_, kWorkspaceBytes, stream);
  };
  cublasStatus_t started = start(&algorithm);
  if (started == CUBLAS_STATUS_NOT_SUPPORTED || started == CUBLAS_STATUS_INVALID_VALUE) {
    started = start(nullptr);  // Chosen for more rows than these, and not fit for fewer.
  }
  status_.note(started, "matrix product");
}

}  // namespace ringmaster::engine::cuda
