#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <cuda_runtime.h>

#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/module/cuda_status.h"

namespace ringmaster::engine::cuda {

/// What several GPUs of this process add up and share, by NCCL, which is loaded at run time. One
/// thread starts everything for all of them; what is started runs on their streams, in order.
class Collectives {
 public:
  struct Member {
    std::int32_t ordinal = 0;
    cudaStream_t stream = nullptr;
    Bf16* projected = nullptr;  ///< As DeviceBuffers has it, as the next one.
    std::int32_t* last_samples = nullptr;
  };

  /// Takes seconds and memory of the GPUs. Notes why if there is no NCCL, or it cannot begin.
  /// `status` outlives this.
  Collectives(CudaStatus& status, std::vector<Member> members);
  /// Requires: nothing runs, or abort() was called.
  ~Collectives();
  Collectives(const Collectives&) = delete;
  Collectives& operator=(const Collectives&) = delete;

  /// Makes the first `elements` of every `projected` their sum.
  void add_up(std::int64_t elements);
  /// Copies the first member's first `count` last samples to all.
  void share_samples(std::int32_t count);
  /// Notes what has gone wrong since in what was started.
  void check();
  /// Ends what runs, so that no GPU waits for one that has failed. Nothing can be started after.
  void abort();

 private:
  struct Nccl;

  CudaStatus& status_;
  std::vector<Member> members_;
  std::unique_ptr<Nccl> nccl_;
};

}  // namespace ringmaster::engine::cuda
