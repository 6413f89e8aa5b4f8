#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include <cuda_runtime.h>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/forward_pass.h"
#include "engine/cuda/kv_layout.h"
#include "engine/cuda/module/collectives.h"
#include "engine/cuda/module/cuda_status.h"
#include "engine/cuda/module/device_memory.h"
#include "engine/cuda/module/gemm.h"
#include "engine/cuda/module/launch.h"
#include "engine/cuda/tuning_file.h"
#include "engine/cuda/weight_placement.h"

namespace ringmaster::engine::cuda {

/// A model on a GPU, or one rank's part of it: its weights, its KV cache, and steps on one stream.
/// All that can go wrong is in status(). Nothing is allocated on the device after warm_up().
class GpuSession {
 public:
  /// Uploads the weights and takes working memory. `request` is of this GPU: request_of_rank().
  explicit GpuSession(const CudaOpenRequest& request);
  ~GpuSession();
  GpuSession(const GpuSession&) = delete;
  GpuSession& operator=(const GpuSession&) = delete;

  [[nodiscard]] const CudaStatus& status() const { return status_; }
  [[nodiscard]] const CudaDeviceInfo& info() const { return info_; }

  [[nodiscard]] std::int32_t ordinal() const { return request_.ordinal; }
  [[nodiscard]] Collectives::Member member() const {
    return {request_.ordinal, stream_, buffers_.projected, buffers_.last_samples};
  }

  /// How many KV blocks the request asks for, or how many fit. Notes if there is no room.
  [[nodiscard]] std::int32_t fitting_blocks();
  /// Takes the cache, chooses products, records graphs. Requires: fitting_blocks() allows `blocks`.
  void warm_up(std::int32_t blocks);

  /// Makes this GPU the calling thread's, which need not be the one that opened. False if it
  /// failed.
  bool make_current();
  /// After warm_up().
  [[nodiscard]] ForwardPass<GpuSession>& forward() { return *forward_; }

  /// A step is upload(), run(), download(); at most kStepsMax are in flight.
  void upload(const CudaStep& step);
  void run(const CudaStep& step);
  void download(std::int32_t rows);
  /// Whether the oldest step in flight has ended, or failed.
  [[nodiscard]] bool is_done();
  /// Whether all that was started has ended, or failed.
  [[nodiscard]] bool is_idle();
  /// Waits for the oldest step in flight; returns the seconds it took on the device.
  double wait(SampleOutput* samples, std::int32_t rows);
  /// Waits for all that was started.
  void drain() { status_.note(cudaStreamSynchronize(stream_), "step"); }
  void read_logits(float* logits, std::int32_t rows);

  // What ForwardPass asks of a device.
  template <class Kernel>
  void launch(Grid grid, std::int32_t shared_bytes, const typename Kernel::Args& args) {
    if (!status_.ok() || grid.x == 0 || grid.y == 0) return;
    const LaunchQueue queue{stream_, request_.overlaps_launches != 0};
    status_.note(launch_kernel<Kernel>(queue, grid, shared_bytes, args), "kernel");
  }
  void multiply(const Product& product) { gemm_->multiply(stream_, product); }
  [[nodiscard]] PrefillKernel prefill_kernel() const { return request_.prefill_kernel; }
  [[nodiscard]] std::int32_t decode_blocks(std::int32_t grid_y) const;

 private:
  static constexpr int kStepsMax = 2;

  /// The host's side of a step in flight; pinned.
  struct Ring {
    std::int32_t* words = nullptr;
    SampleOutput* samples = nullptr;
    cudaEvent_t begin = nullptr;
    cudaEvent_t end = nullptr;
  };

  void open_device();
  bool check_code(const cudaDeviceProp& properties);
  void upload_weights();
  void upload(const WeightPart& part, void* staging, std::int64_t staging_elements);
  template <class T>
  void take_zeros(T*& buffer, std::int64_t count);
  void take_buffers();
  void take_cache(std::int32_t blocks);
  void take_host_tier();
  void tune_products();
  void record_graphs();
  /// Of what the runtime says about something that was started.
  bool has_ended(cudaError_t asked);

  CudaOpenRequest request_;
  CudaStatus status_;
  CudaDeviceInfo info_;
  DeviceMemory memory_{status_};
  std::unique_ptr<TuningFile> tuning_;
  std::unique_ptr<Gemm> gemm_;
  cudaStream_t stream_ = nullptr;
  std::int32_t processors_ = 0;
  std::int64_t free_at_start_ = 0;
  DeviceWeights weights_;
  DeviceBuffers buffers_;
  KvLayout kv_;
  std::int64_t words_max_ = 0;
  std::optional<ForwardPass<GpuSession>> forward_;
  std::map<std::int32_t, cudaGraphExec_t> graphs_;  // By batch size.
  std::array<Ring, kStepsMax> ring_;
  std::uint32_t random_parts_ = 0;  // So far; each has other weights, the same in every session.
  std::uint64_t submitted_ = 0;
  std::uint64_t waited_ = 0;
};

}  // namespace ringmaster::engine::cuda
