#include "tests/stand_in/streams.h"

using ringmaster::stand_in::Machine;
namespace stand_in = ringmaster::stand_in;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (stream == nullptr || stream->recording != nullptr) return cudaErrorIllegalState;
  if (mode == cudaStreamCaptureModeGlobal) {
    stand_in::misuse("a recording that other engines of the process would spoil");
  }
  stream->recording = new CUgraph_st;
  ++Machine::the().alive["graphs"];
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  CUgraph_st* recorded = stream->recording;
  if (recorded == nullptr) return cudaErrorIllegalState;
  stream->recording = nullptr;  // Whatever follows.
  const bool fails = Machine::the().is_failing_call();
  if (!fails && !recorded->is_spoilt) {
    *graph = recorded;
    return cudaSuccess;
  }
  const cudaError_t error = fails ? cudaErrorUnknown : cudaErrorStreamCaptureInvalidated;
  *graph = nullptr;
  delete recorded;
  --Machine::the().alive["graphs"];
  return error;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  *executable = new CUgraphExec_st{.operations = graph->operations};
  ++Machine::the().alive["executable graphs"];
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  for (const stand_in::Operation& operation : executable->operations) {
    const cudaError_t started = stand_in::start(stream, operation);
    if (started != cudaSuccess) return started;
  }
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  --Machine::the().alive["executable graphs"];
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  --Machine::the().alive["graphs"];
  return cudaSuccess;
}

}  // extern "C"
