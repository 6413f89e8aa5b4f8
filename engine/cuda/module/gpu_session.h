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
#include "engine/cuda/module/cuda_status.h"
#include "engine/cuda/module/device_memory.h"
#include "engine/cuda/module/gemm.h"
#include "engine/cuda/module/launch.h"
#include "engine/cuda/tuning_file.h"
#include "engine/cuda/weight_placement.h"

namespace ringmaster::engine::cuda {

/// A model on a GPU: its weights, its KV cache, and steps on one stream. All that can go wrong is
/// in status(). Nothing is allocated on the device after the constructor.
class GpuSession {
 public:
  explicit GpuSession(const CudaOpenRequest& request);
  ~GpuSession();
  GpuSession(const GpuSession&) = delete;
  GpuSession& operator=(const GpuSession&) = delete;

  [[nodiscard]] const CudaStatus& status() const { return status_; }
  [[nodiscard]] const CudaDeviceInfo& info() const { return info_; }

  /// Copies the step to the device and starts it. At most kStepsMax are in flight.
  void submit(const CudaStep& step);
  /// Waits for the oldest step in flight; returns the seconds it took on the device.
  double wait(SampleOutput* samples, std::int32_t rows);
  void read_logits(float* logits, std::int32_t rows);

  // What ForwardPass asks of a device.
  template <class Kernel>
  void launch(Grid grid, std::int32_t shared_bytes, const typename Kernel::Args& args) {
    if (!status_.ok() || grid.x == 0 || grid.y == 0) return;
    const LaunchQueue queue{stream_, request_.overlaps_launches != 0};
    status_.note(launch_kernel<Kernel>(queue, grid, shared_bytes, args), "kernel");
  }
  void multiply(const Product& product) { gemm_->multiply(stream_, product); }
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
  void take_cache();
  void take_host_tier();
  void tune_products();
  void record_graphs();
  void run(const CudaStep& step);

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
