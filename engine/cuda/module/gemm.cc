#include "engine/cuda/module/gemm.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "engine/cuda/batch_buckets.h"
#include "engine/cuda/buffer_plan.h"
#include "engine/cuda/few_rows.h"
#include "engine/cuda/module/launch.h"

namespace ringmaster::engine::cuda {
namespace {

constexpr int kCandidates = 8;
/// Few rows take microseconds, and a matrix must be gone from the L2 cache when its turn comes
/// again, as it is in a model's layers.
constexpr std::int32_t kShortRows = 64;
constexpr int kTimedRuns = 3;
constexpr int kTimedShortRuns = 8;

static_assert(sizeof(cublasLtMatmulAlgo_t) == sizeof(TuningChoice));

TuningKey key_of(const Product& product, std::int32_t rows) {
  return {.rows = gemm_bucket(rows),
          .inputs = product.inputs,
          .outputs = product.outputs,
          .is_f32 = product.is_f32,
          .has_bias = product.bias != nullptr};
}

/// What multiply_few_rows() launches by.
struct StreamLauncher {
  CudaStatus& status;
  LaunchQueue queue;

  template <class Kernel>
  void launch(Grid grid, std::int32_t shared_bytes, const typename Kernel::Args& args) {
    status.note(launch_kernel<Kernel>(queue, grid, shared_bytes, args), "product of few rows");
  }
};

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
    if (!status.note(cublasLtMatmulDescCreate(&operation, CUBLAS_COMPUTE_32F, CUDA_R_32F),
                     "product")) {
      return;
    }
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

/// What is asked of algorithms.
struct Gemm::Preference {
  cublasLtMatmulPreference_t handle = nullptr;

  Preference(CudaStatus& status, bool is_deterministic) {
    if (!status.note(cublasLtMatmulPreferenceCreate(&handle), "preference")) return;
    const std::size_t workspace = kWorkspaceBytes;
    set(status, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace);
    const std::uint32_t no_split = CUBLASLT_REDUCTION_SCHEME_NONE;
    if (is_deterministic) set(status, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, no_split);
  }
  Preference(const Preference&) = delete;
  Preference& operator=(const Preference&) = delete;
  ~Preference() {
    if (handle != nullptr) cublasLtMatmulPreferenceDestroy(handle);
  }

 private:
  template <class T>
  void set(CudaStatus& status, cublasLtMatmulPreferenceAttributes_t attribute, const T& value) {
    status.note(cublasLtMatmulPreferenceSetAttribute(handle, attribute, &value, sizeof value),
                "preference");
  }
};

Gemm::Gemm(CudaStatus& status, DeviceMemory& memory, TuningFile& tuning, const GemmOptions& options)
    : status_(status), tuning_(tuning), options_(options), timer_(status) {
  status_.note(cublasLtCreate(&handle_), "cuBLASLt");
  workspace_ = memory.take<unsigned char>(kWorkspaceBytes, "memory for products");
}

Gemm::~Gemm() {
  if (handle_ != nullptr) cublasLtDestroy(handle_);
}

void Gemm::tune(cudaStream_t stream, const Product& product, std::int32_t rows_max,
                Weights weights) {
  const std::int32_t first = options_.is_deterministic ? kSlabRows : 1;
  const std::int32_t last = options_.is_deterministic ? kSlabRows : gemm_bucket(rows_max);
  for (std::int32_t rows = first; rows <= last && status_.ok(); rows *= 2) {
    const TuningKey key = key_of(product, rows);
    if (chosen_.contains(key)) continue;
    chosen_[key] = choose_or_remember(stream, product, key, rows_max, weights);
    if (rows <= kFewRowsMax && !options_.is_deterministic) {
      tune_few_rows(stream, product, key, weights);
    }
  }
}

cublasLtMatmulAlgo_t Gemm::choose_or_remember(cudaStream_t stream, const Product& product,
                                              const TuningKey& key, std::int32_t rows_max,
                                              Weights weights) {
  cublasLtMatmulAlgo_t algorithm{};
  // Deterministic mode restricts the choice, so it neither takes nor leaves one in the file.
  const TuningChoice* known = options_.is_deterministic ? nullptr : tuning_.find(key);
  if (known != nullptr) {
    std::memcpy(&algorithm, known, sizeof *known);
    return algorithm;
  }
  Product sized = product;
  sized.rows = std::min(key.rows, std::max(rows_max, options_.is_deterministic ? kSlabRows : 1));
  algorithm = choose(stream, sized, weights);
  if (options_.is_deterministic) return algorithm;
  TuningChoice choice;
  std::memcpy(&choice, &algorithm, sizeof choice);
  tuning_.put(key, choice);
  return algorithm;
}

void Gemm::tune_few_rows(cudaStream_t stream, const Product& product, const TuningKey& key,
                         Weights weights) {
  if (options_.few_rows_kernel == FewRowsKernel::kNever || !status_.ok()) return;
  Product sized = product;
  sized.rows = key.rows;
  if (options_.few_rows_kernel == FewRowsKernel::kWhereFaster) {
    const auto by_library = [&](const Product& turn) { run(stream, turn, chosen_.at(key)); };
    const auto by_us = [&](const Product& turn) { run_few_rows(stream, turn); };
    by_library(sized);  // Once before they are recorded.
    by_us(sized);
    const float library = time_of(stream, sized, weights, by_library);
    const float own = time_of(stream, sized, weights, by_us);
    if (own >= library) return;
  }
  few_rows_.insert(key);
}

cublasLtMatmulAlgo_t Gemm::choose(cudaStream_t stream, const Product& product, Weights weights) {
  const Layouts layouts(status_, product);
  const Preference preference(status_, options_.is_deterministic);
  if (!status_.ok()) return {};
  const std::string what = "choice of a product of " + std::to_string(product.rows) + " rows, " +
                           std::to_string(product.inputs) + " inputs and " +
                           std::to_string(product.outputs) + " outputs";
  cublasLtMatmulHeuristicResult_t candidates[kCandidates];
  int found = 0;
  status_.note(cublasLtMatmulAlgoGetHeuristic(handle_, layouts.operation, layouts.weight, layouts.x,
                                              layouts.y, layouts.y, preference.handle, kCandidates,
                                              candidates, &found),
               what.c_str());
  cublasLtMatmulAlgo_t best{};
  float best_time = std::numeric_limits<float>::infinity();
  for (int i = 0; i < found && status_.ok(); ++i) {
    const cublasLtMatmulAlgo_t& algorithm = candidates[i].algo;
    // One that does not even start is passed over; that it does also loads it.
    if (candidates[i].state != CUBLAS_STATUS_SUCCESS ||
        start(stream, product, layouts, &algorithm) != CUBLAS_STATUS_SUCCESS) {
      continue;
    }
    // The first one is the library's own advice; where runs must agree, timing must not decide.
    if (options_.is_deterministic) return algorithm;
    const float time = time_of(stream, product, weights,
                               [&](const Product& turn) { run(stream, turn, algorithm); });
    if (time >= best_time) continue;
    best = algorithm;
    best_time = time;
  }
  if (best_time < std::numeric_limits<float>::infinity()) return best;
  status_.fail(what + ": no algorithm starts");
  return {};
}

template <class Start>
float Gemm::time_of(cudaStream_t stream, const Product& product, Weights weights,
                    const Start& start_turn) {
  return timer_.time(stream, [&] {
    const int runs = product.rows <= kShortRows ? kTimedShortRuns : kTimedRuns;
    for (int i = 0; i < runs; ++i) {
      Product turn = product;
      if (!weights.empty()) turn.weight = weights[static_cast<std::size_t>(i) % weights.size()];
      start_turn(turn);
    }
  });
}

bool Gemm::is_for_own_kernel(const Product& product) const {
  return product.rows <= kFewRowsMax && few_rows_.contains(key_of(product, product.rows));
}

void Gemm::run_few_rows(cudaStream_t stream, const Product& product) {
  StreamLauncher launcher{status_, {stream, options_.overlaps_launches}};
  multiply_few_rows(launcher, product);
}

const cublasLtMatmulAlgo_t* Gemm::find(const Product& product, std::int32_t rows) const {
  const auto found = chosen_.find(key_of(product, rows));
  return found == chosen_.end() ? nullptr : &found->second;
}

void Gemm::multiply(cudaStream_t stream, const Product& product) {
  if (!status_.ok() || product.rows == 0) return;
  if (is_for_own_kernel(product)) return run_few_rows(stream, product);
  if (!options_.is_deterministic) {
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
  cublasStatus_t started = start(stream, product, layouts, &algorithm);
  if (started == CUBLAS_STATUS_NOT_SUPPORTED || started == CUBLAS_STATUS_INVALID_VALUE) {
    // Chosen for more rows than these, and not fit for fewer.
    started = start(stream, product, layouts, nullptr);
  }
  status_.note(started, "matrix product");
}

cublasStatus_t Gemm::start(cudaStream_t stream, const Product& product, const Layouts& layouts,
                           const cublasLtMatmulAlgo_t* algorithm) {
  const float one = 1.0F;
  const float zero = 0.0F;
  return cublasLtMatmul(handle_, layouts.operation, &one, product.weight, layouts.weight, product.x,
                        layouts.x, &zero, product.y, layouts.y, product.y, layouts.y, algorithm,
                        workspace_, kWorkspaceBytes, stream);
}

}  // namespace ringmaster::engine::cuda
