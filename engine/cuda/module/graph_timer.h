#pragma once

#include <cuda_runtime.h>

#include "engine/cuda/module/cuda_status.h"

namespace ringmaster::engine::cuda {

/// Times what is started on a stream as the device runs it in recorded steps: as a graph, so that
/// the host's share of each start, which is longer than a short kernel, is not in it.
class GraphTimer {
 public:
  /// `status` outlives this.
  explicit GraphTimer(CudaStatus& status);
  ~GraphTimer();
  GraphTimer(const GraphTimer&) = delete;
  GraphTimer& operator=(const GraphTimer&) = delete;

  /// Milliseconds on the device of all that `start` starts on `stream`. Requires: it was started
  /// once before, so that nothing is loaded or allocated while it is recorded.
  template <class Start>
  float time(cudaStream_t stream, const Start& start) {
    if (!begin_recording(stream)) return 0.0F;
    start();
    return time_recorded(stream);
  }

 private:
  bool begin_recording(cudaStream_t stream);
  float time_recorded(cudaStream_t stream);
  float time_of(cudaStream_t stream, cudaGraphExec_t graph);

  CudaStatus& status_;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_ = nullptr;
};

}  // namespace ringmaster::engine::cuda
