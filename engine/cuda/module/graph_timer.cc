#include "engine/cuda/module/graph_timer.h"

namespace ringmaster::engine::cuda {

GraphTimer::GraphTimer(CudaStatus& status) : status_(status) {
  status_.note(cudaEventCreate(&begin_), "event");
  status_.note(cudaEventCreate(&end_), "event");
}

GraphTimer::~GraphTimer() {
  if (begin_ != nullptr) cudaEventDestroy(begin_);
  if (end_ != nullptr) cudaEventDestroy(end_);
}

bool GraphTimer::begin_recording(cudaStream_t stream) {
  return status_.ok() &&
         status_.note(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "timing");
}

float GraphTimer::time_recorded(cudaStream_t stream) {
  cudaGraph_t graph = nullptr;
  status_.note(cudaStreamEndCapture(stream, &graph), "timing");
  cudaGraphExec_t executable = nullptr;
  if (status_.ok()) status_.note(cudaGraphInstantiate(&executable, graph, 0), "timing");
  if (graph != nullptr) cudaGraphDestroy(graph);
  if (executable == nullptr) return 0.0F;
  const float milliseconds = time_of(stream, executable);
  cudaGraphExecDestroy(executable);
  return milliseconds;
}

float GraphTimer::time_of(cudaStream_t stream, cudaGraphExec_t graph) {
  status_.note(cudaGraphLaunch(graph, stream), "timing");  // Brings it onto the device.
  status_.note(cudaEventRecord(begin_, stream), "timing");
  status_.note(cudaGraphLaunch(graph, stream), "timing");
  status_.note(cudaEventRecord(end_, stream), "timing");
  status_.note(cudaEventSynchronize(end_), "timing");
  float milliseconds = 0.0F;
  if (status_.ok()) status_.note(cudaEventElapsedTime(&milliseconds, begin_, end_), "timing");
  return milliseconds;
}

}  // namespace ringmaster::engine::cuda
