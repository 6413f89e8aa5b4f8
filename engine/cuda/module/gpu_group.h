#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/module/collectives.h"
#include "engine/cuda/module/cuda_status.h"
#include "engine/cuda/module/gpu_session.h"

namespace ringmaster::engine::cuda {

/// A model on one GPU, or shared out among several that make each step together.
class GpuGroup {
 public:
  explicit GpuGroup(const CudaOpenRequest& request);
  ~GpuGroup();
  GpuGroup(const GpuGroup&) = delete;
  GpuGroup& operator=(const GpuGroup&) = delete;

  /// The first thing that went wrong on any GPU, which it names if there are several; empty: none.
  [[nodiscard]] std::string message() const;
  [[nodiscard]] const CudaDeviceInfo& info() const { return sessions_.front()->info(); }

  /// As GpuSession's.
  void submit(const CudaStep& step);
  double wait(SampleOutput* samples, std::int32_t rows);
  void read_logits(float* logits, std::int32_t rows) {
    sessions_.front()->read_logits(logits, rows);
  }

  // What run_in_lockstep() asks of several devices.
  template <class F>
  void each(const F& f) {
    for (const auto& session : sessions_) {
      if (session->make_current()) f(session->forward());
    }
  }
  void add_up(std::int32_t tokens);
  void share_samples();

 private:
  [[nodiscard]] bool ok() const { return message().empty(); }
  void connect();
  template <class IsThere>
  void wait_for_all(const IsThere& is_there);

  CudaOpenRequest request_;
  CudaStatus status_;  // Of what concerns all.
  std::vector<std::unique_ptr<GpuSession>> sessions_;
  std::optional<Collectives> collectives_;  // Only if there are several.
};

}  // namespace ringmaster::engine::cuda
