#pragma once

#include <cstdint>

#include "engine/block_copy.h"
#include "engine/cuda/kv_layout.h"
#include "engine/cuda/sample_output.h"
#include "engine/cuda/step_layout.h"

// What the program and libringmaster_cuda.so say to each other: plain data and C functions, so that
// the two need not share a compiler, a standard library or any other dependency.

namespace ringmaster::engine::cuda {

/// Changes with everything in this header and in those it includes.
inline constexpr std::uint32_t kCudaApiVersion = 7;

/// Name of the module's one entry: const CudaApi* (*)(), see CudaApi.
inline constexpr const char* kCudaApiEntry = "ringmaster_cuda_api";

/// Element type of a host tensor.
enum class HostType : std::int32_t { kNone, kF32, kBf16, kF16 };

/// When products of up to four rows go through our own kernel and not the library's: never, where a
/// timing at the start says that it is faster, always.
enum class FewRowsKernel : std::int32_t { kNever, kWhereFaster, kAlways };

/// What computes attention of prefill: the products of single warps, or, for heads and caches that
/// has_wgmma_attention() knows, those of warpgroups, which only a GPU of compute capability 9.0
/// has.
enum class PrefillKernel : std::int32_t { kMma, kWgmma };

/// Weights as they lie in host memory, row-major. Only read while a device is opened.
struct HostTensor {
  const void* data = nullptr;  ///< Null: the model has none, or its weights are random.
  HostType type = HostType::kNone;
};

struct HostLayer {
  HostTensor attention_norm, mlp_norm;
  HostTensor query, key, value, attention_out, gate, up, down;
  HostTensor query_bias, key_bias, value_bias;  ///< Only with qkv_bias.
  HostTensor query_norm, key_norm;              ///< Only with qk_norm.
};

struct CudaModelShape {
  std::int32_t layers = 0;
  std::int32_t hidden = 0;
  std::int32_t heads = 0;
  std::int32_t kv_heads = 0;
  std::int32_t head_dim = 0;
  std::int32_t feed_forward = 0;
  std::int32_t vocabulary = 0;
  std::int32_t context_tokens_max = 0;
  float norm_epsilon = 1e-6F;
  std::int32_t has_qkv_bias = 0;
  std::int32_t has_qk_norm = 0;
  std::int32_t has_tied_head = 0;
};

/// Tensor parallelism: with several ranks every GPU has its part of each layer
/// (engine/model_shard.h), all of the same shape, and the same number of KV blocks. `shape`,
/// `layers` and the figures of memory are then of one GPU. The first one has the output head and
/// draws the samples.
struct CudaOpenRequest {
  CudaModelShape shape;
  HostTensor embedding, final_norm, head;
  const HostLayer* layers = nullptr;  ///< [ranks][layers]; null: random weights, for measurements.
  const float* cosines = nullptr;     ///< [context_tokens_max, head_dim / 2]
  const float* sines = nullptr;
  std::int32_t ordinal = 0;  ///< Of the GPU, the first of `ranks` in a row.
  std::int32_t block_tokens = 16;
  std::int32_t block_count = 0;     ///< 0: as many as fit.
  double memory_utilization = 0.9;  ///< Share of the GPU's memory that this engine may take.
  std::int32_t step_tokens_max = 2048;
  std::int32_t sequences_max = 256;
  std::int32_t uses_graphs = 1;
  std::int32_t is_deterministic = 0;  ///< No other sequence of a step changes a bit.
  std::int32_t keeps_logits = 0;      ///< For checks: logits can be read after each step.
  const char* tuning_file = nullptr;  ///< Chosen matrix products; null: chosen anew, not kept.
  std::int32_t host_block_count = 0;  ///< Of the host tier; 0: as many as host_kv_bytes holds.
  KvType kv_type = KvType::kBf16;
  FewRowsKernel few_rows_kernel = FewRowsKernel::kWhereFaster;  ///< Never if is_deterministic.
  std::int64_t host_kv_bytes = 0;  ///< Pinned memory of the host tier; 0: none.
  /// Programmatic dependent launch: the next kernel comes onto the GPU while the one before runs.
  std::int32_t overlaps_launches = 0;  ///< Requires: one rank, as uses_graphs does.
  std::int32_t ranks = 1;
  std::int32_t rank = 0;  ///< Within the module: of one GPU's part of the request.
  PrefillKernel prefill_kernel = PrefillKernel::kMma;
};

/// What was made of the request; of several GPUs, by each, and what the first one is.
struct CudaDeviceInfo {
  char name[128] = {};
  std::int32_t block_count = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t kv_bytes = 0;
  std::int64_t workspace_bytes = 0;
  std::int32_t graphs = 0;  ///< Batch sizes for which a decode step is recorded.
  std::int32_t host_block_count = 0;
  /// Kinds of products and numbers of rows (1, 2, 4) that the own kernel computes.
  std::int32_t few_rows_products = 0;
};

/// One step, ready to be copied to the device.
struct CudaStep {
  StepCounts counts;
  const std::int32_t* words = nullptr;  ///< As step_layout(counts) says; read during the call.
  std::int32_t prefill_tiles = 0;
  std::int32_t prefill_row_tiles = 1;  ///< 1 or 2: tiles of 64 or 128 query rows.
  const BlockCopy* saves = nullptr;    ///< Made first; read during the call, as the next one.
  const BlockCopy* loads = nullptr;    ///< Made then, before anything is computed.
  std::int32_t save_count = 0;
  std::int32_t load_count = 0;
};

struct CudaDevice;

/// The module's functions. Those that can fail return 0, or 1 with one line in `error`; after a
/// step has failed every later one does, and the device can only be closed. Not thread-safe.
struct CudaApi {
  std::uint32_t version = 0;  ///< kCudaApiVersion; nothing else is valid if it differs.
  /// How many usable GPUs there are; 0 with one line in `error` that says why there is none.
  std::int32_t (*device_count)(char* error, std::int32_t error_size) = nullptr;
  /// Uploads the weights, chooses products, warms up: seconds. Nothing is allocated afterwards.
  std::int32_t (*open)(const CudaOpenRequest* request, CudaDevice** device, CudaDeviceInfo* info,
                       char* error, std::int32_t error_size) = nullptr;
  /// Starts a step and returns. At most two are in flight.
  std::int32_t (*submit)(CudaDevice* device, const CudaStep* step, char* error,
                         std::int32_t error_size) = nullptr;
  /// Waits for the oldest step in flight: its first `rows` samples and the time it took.
  std::int32_t (*wait)(CudaDevice* device, SampleOutput* samples, std::int32_t rows,
                       double* seconds, char* error, std::int32_t error_size) = nullptr;
  /// The logits of the newest step, [rows, vocabulary]. Requires: keeps_logits, none in flight.
  std::int32_t (*read_logits)(CudaDevice* device, float* logits, std::int32_t rows, char* error,
                              std::int32_t error_size) = nullptr;
  void (*close)(CudaDevice* device) = nullptr;
  /// Bytes that are free on a GPU, whoever took the others; -1: it does not say. For checks.
  std::int64_t (*free_memory)(std::int32_t ordinal) = nullptr;
};

}  // namespace ringmaster::engine::cuda
