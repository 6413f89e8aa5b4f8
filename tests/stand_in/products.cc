#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <cublasLt.h>

#include "engine/cuda/kernels/bf16.h"
#include "tests/stand_in/device_memory_map.h"
#include "tests/stand_in/streams.h"

using ringmaster::stand_in::DeviceMemoryMap;
using ringmaster::stand_in::Machine;
namespace stand_in = ringmaster::stand_in;

struct cublasLtContext {
  int gpu = 0;
};

namespace {

struct MatrixLayout {
  cudaDataType type = CUDA_R_16BF;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::int64_t leading = 0;
};

struct MatmulDesc {
  cublasOperation_t transposes_a = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
};

struct Preference {
  std::size_t workspace_bytes = 0;
  std::uint32_t reduction_schemes = ~0U;
};

/// The algorithms, in the order in which they are advised.
enum Algorithm : std::uint64_t {
  kSplit = 11,  // Adds two halves of each sum; wants a workspace; the fastest from 17 rows on.
  kWide = 12,   // Advised always; for eight rows and more, the fastest up to 16; refuses fewer.
  kPlain = 13,
};

template <class T, class Handle>
T& behind(Handle handle) {
  if (handle == nullptr) stand_in::misuse("cuBLASLt is given a handle that could not be created");
  return *reinterpret_cast<T*>(handle);
}
const MatrixLayout& layout_of(cublasLtMatrixLayout_t layout) {
  return behind<const MatrixLayout>(layout);
}
MatmulDesc& desc_of(cublasLtMatmulDesc_t desc) {
  return behind<MatmulDesc>(desc);
}
Preference& preference_of(cublasLtMatmulPreference_t preference) {
  return behind<Preference>(preference);
}

template <class Handle, class T>
cublasStatus_t create(Handle* handle, T value, const char* what) {
  if (Machine::the().is_failing_call()) return CUBLAS_STATUS_ALLOC_FAILED;
  *handle = reinterpret_cast<Handle>(new T(value));
  ++Machine::the().alive[what];
  return CUBLAS_STATUS_SUCCESS;
}

template <class T, class Handle>
cublasStatus_t destroy(Handle handle, const char* what) {
  delete reinterpret_cast<T*>(handle);
  --Machine::the().alive[what];
  return CUBLAS_STATUS_SUCCESS;
}

template <class T>
cublasStatus_t assign(T& to, const void* from, std::size_t bytes) {
  if (bytes != sizeof to) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&to, from, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

/// D (m x n) = A^T (A: k x m) B (k x n) (+ bias over the columns), all by columns.
struct Multiplication {
  const ringmaster::engine::cuda::Bf16* a;
  const ringmaster::engine::cuda::Bf16* b;
  const ringmaster::engine::cuda::Bf16* bias;  // Null: none.
  void* d;
  MatrixLayout a_layout, b_layout, d_layout;
  std::uint64_t algorithm;

  void run() const {
    const std::uint64_t inner = a_layout.rows;
    const std::uint64_t half = algorithm == kSplit ? inner / 2 : inner;
    for (std::uint64_t column = 0; column < d_layout.columns; ++column) {
      for (std::uint64_t row = 0; row < d_layout.rows; ++row) {
        float sum = part(row, column, 0, half) + part(row, column, half, inner);
        if (bias != nullptr) sum += to_float(bias[row]);
        const std::uint64_t at = column * static_cast<std::uint64_t>(d_layout.leading) + row;
        if (d_layout.type == CUDA_R_32F) {
          static_cast<float*>(d)[at] = sum;
        } else {
          static_cast<ringmaster::engine::cuda::Bf16*>(d)[at] =
              ringmaster::engine::cuda::to_bf16(sum);
        }
      }
    }
  }

 private:
  [[nodiscard]] float part(std::uint64_t row, std::uint64_t column, std::uint64_t begin,
                           std::uint64_t end) const {
    const auto* x = a + row * static_cast<std::uint64_t>(a_layout.leading);
    const auto* y = b + column * static_cast<std::uint64_t>(b_layout.leading);
    float sum = 0.0F;
    for (std::uint64_t i = begin; i < end; ++i) sum += to_float(x[i]) * to_float(y[i]);
    return sum;
  }
};

std::size_t bytes_of(const MatrixLayout& layout) {
  const std::size_t element = layout.type == CUDA_R_32F ? 4 : 2;
  return (static_cast<std::size_t>(layout.leading) * (layout.columns - 1) + layout.rows) * element;
}

/// The library's advice is for matrices aligned to 256 bytes if nothing else is said.
void expect_matrix(int gpu, const void* at, const MatrixLayout& layout) {
  DeviceMemoryMap::the().expect_on(gpu, at, bytes_of(layout), "cublasLtMatmul");
  if (reinterpret_cast<std::uintptr_t>(at) % 256 != 0) {
    stand_in::misuse("cublasLtMatmul of a matrix that is not aligned to 256 bytes");
  }
}

bool fit(const MatmulDesc& desc, const MatrixLayout& a, const MatrixLayout& b,
         const MatrixLayout& c, const MatrixLayout& d) {
  const bool has_sizes = a.rows == b.rows && a.columns == d.rows && b.columns == d.columns;
  const bool has_types =
      a.type == CUDA_R_16BF && b.type == CUDA_R_16BF && c.type == d.type && c.rows == d.rows;
  return desc.transposes_a == CUBLAS_OP_T && has_sizes && has_types && d.columns > 0;
}

std::size_t split_bytes(const MatrixLayout& d) {
  return d.rows * d.columns * 8;
}

double duration(std::uint64_t algorithm, std::uint64_t rows) {
  if (algorithm == kWide) return rows <= 16 ? 0.01 : 0.03;
  return algorithm == kSplit ? 0.02 : 0.05;
}

}  // namespace

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  return create(handle, cublasLtContext{Machine::current_gpu()}, "handles for products");
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  return destroy<cublasLtContext>(handle, "handles for products");
}
std::size_t cublasLtGetVersion() {
  return 1;
}
const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_ALLOC_FAILED     ? "allocation failed"
         : status == CUBLAS_STATUS_INVALID_VALUE  ? "invalid value"
         : status == CUBLAS_STATUS_NOT_SUPPORTED  ? "not supported"
         : status == CUBLAS_STATUS_INTERNAL_ERROR ? "internal error"
                                                  : "another status";
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* desc, cublasComputeType_t compute,
                                        cudaDataType scale) {
  if (compute != CUBLAS_COMPUTE_32F || scale != CUDA_R_32F) return CUBLAS_STATUS_INVALID_VALUE;
  return create(desc, MatmulDesc{}, "descriptions of products");
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) {
  return destroy<MatmulDesc>(desc, "descriptions of products");
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  if (Machine::the().is_failing_call()) return CUBLAS_STATUS_INTERNAL_ERROR;
  MatmulDesc& to = desc_of(desc);
  cudaDataType bias_type = CUDA_R_16BF;
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return assign(to.transposes_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return assign(to.epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return assign(to.bias, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
      return assign(bias_type, value, bytes);
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type,
                                          std::uint64_t rows, std::uint64_t columns,
                                          std::int64_t leading) {
  if (leading < static_cast<std::int64_t>(rows)) return CUBLAS_STATUS_INVALID_VALUE;
  return create(layout, MatrixLayout{type, rows, columns, leading}, "layouts of matrices");
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy<MatrixLayout>(layout, "layouts of matrices");
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return create(preference, Preference{}, "preferences");
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy<Preference>(preference, "preferences");
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  if (Machine::the().is_failing_call()) return CUBLAS_STATUS_INTERNAL_ERROR;
  Preference& to = preference_of(preference);
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return assign(to.workspace_bytes, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return assign(to.reduction_schemes, value, bytes);
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

/// The first one of them is said to be of no use; one is not where it is said to be.
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t /*handle*/,
                                              cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t results[],
                                              int* found) {
  if (Machine::the().is_failing_call()) return CUBLAS_STATUS_INTERNAL_ERROR;
  const MatrixLayout& out = layout_of(d);
  if (!fit(desc_of(desc), layout_of(a), layout_of(b), layout_of(c), out)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const Preference& limits = preference_of(preference);
  std::vector<std::uint64_t> advised{0};
  const bool splits = (limits.reduction_schemes & CUBLASLT_REDUCTION_SCHEME_INPLACE) != 0 &&
                      split_bytes(out) <= limits.workspace_bytes;
  if (splits) advised.push_back(kSplit);
  advised.push_back(kWide);
  advised.push_back(kPlain);
  *found = std::min(wanted, static_cast<int>(advised.size()));
  for (int i = 0; i < *found; ++i) {
    results[i] = {};
    results[i].algo.data[0] = advised[static_cast<std::size_t>(i)];
    results[i].state =
        results[i].algo.data[0] == 0 ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t given,
                              const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* by,
                              void* workspace, std::size_t workspace_bytes, cudaStream_t stream) {
  using ringmaster::engine::cuda::Bf16;
  if (Machine::the().is_failing_call()) return CUBLAS_STATUS_INTERNAL_ERROR;
  const MatmulDesc& desc = desc_of(given);
  const MatrixLayout& out = layout_of(d_layout);
  if (!fit(desc, layout_of(a_layout), layout_of(b_layout), layout_of(c_layout), out) || c != d ||
      *static_cast<const float*>(alpha) != 1.0F || *static_cast<const float*>(beta) != 0.0F) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const std::uint64_t algorithm = by == nullptr ? kPlain : by->data[0];
  if (algorithm < kSplit || algorithm > kPlain) return CUBLAS_STATUS_INVALID_VALUE;
  if (algorithm == kWide && out.columns < 8) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (algorithm == kSplit && split_bytes(out) > workspace_bytes) return CUBLAS_STATUS_INVALID_VALUE;
  const int gpu = handle->gpu;
  if (gpu != Machine::current_gpu()) stand_in::misuse("cublasLtMatmul with another GPU's handle");
  expect_matrix(gpu, a, layout_of(a_layout));
  expect_matrix(gpu, b, layout_of(b_layout));
  expect_matrix(gpu, d, out);
  DeviceMemoryMap::the().expect_on(gpu, workspace, workspace_bytes, "workspace of cublasLtMatmul");
  const bool has_bias = desc.epilogue == CUBLASLT_EPILOGUE_BIAS;
  if (has_bias) {
    DeviceMemoryMap::the().expect_on(gpu, desc.bias, out.rows * sizeof(Bf16), "bias");
  }
  const Multiplication multiplication{static_cast<const Bf16*>(a),
                                      static_cast<const Bf16*>(b),
                                      has_bias ? static_cast<const Bf16*>(desc.bias) : nullptr,
                                      d,
                                      layout_of(a_layout),
                                      layout_of(b_layout),
                                      out,
                                      algorithm};
  const cudaError_t started = stand_in::start(
      stream, {.run = [=] {
        Machine::the().gpu(gpu).milliseconds +=
            duration(multiplication.algorithm, multiplication.d_layout.columns);
        if (!Machine::the().computes) return;
        std::memset(workspace, 0xff, workspace_bytes < 4096 ? workspace_bytes : 4096);
        multiplication.run();
      }});
  return started == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
