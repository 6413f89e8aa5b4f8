#include "tests/stand_in/streams.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tests/stand_in/device_memory_map.h"
#include "tests/stand_in/kernel_start.h"

namespace ringmaster::stand_in {
namespace {

std::set<cudaStream_t>& streams() {
  static std::set<cudaStream_t> all;
  return all;
}

cudaStream_t default_stream(int gpu) {
  static std::map<int, CUstream_st> defaults;
  CUstream_st& stream = defaults[gpu];
  stream.gpu = gpu;
  streams().insert(&stream);
  return &stream;
}

/// Counts an operation of a GPU; false if it faults there, or has before.
bool begin_operation(int gpu) {
  Gpu& state = Machine::the().gpu(gpu);
  if (state.is_failed) return false;
  if (state.operations++ == state.fault_at) state.is_failed = true;
  state.milliseconds += 0.01;
  return !state.is_failed;
}

void drop_operations(cudaStream_t stream) {
  stream->operations.clear();
  stream->early.reset();
}

/// Its streams do nothing any more.
void stop_failed(int gpu) {
  for (cudaStream_t stream : streams()) {
    if (stream->gpu == gpu) drop_operations(stream);
  }
}

/// What is started on a stream that waits for the default one, or on that, comes after the other.
void keep_order(cudaStream_t stream) {
  cudaStream_t by_default = default_stream(stream->gpu);
  if (stream->is_blocking) drain(by_default);
  if (stream != by_default) return;
  for (cudaStream_t other : std::set<cudaStream_t>(streams())) {
    if (other->is_blocking && other->gpu == stream->gpu) drain(other);
  }
}

bool meet(cudaStream_t stream) {
  const std::shared_ptr<Meeting> meeting = stream->operations.front().meeting;
  if (!stream->operations.front().has_arrived) {
    stream->operations.front().has_arrived = true;
    ++meeting->arrived;
  }
  const auto is_there = [&](cudaStream_t other) {
    return !other->operations.empty() && other->operations.front().meeting == meeting &&
           other->operations.front().has_arrived;
  };
  for (cudaStream_t other : meeting->streams) {
    while (meeting->arrived < meeting->streams.size() && !is_there(other)) {
      if (!advance(other)) return false;
    }
  }
  // The last one to come did it for all, within advance() of its stream.
  if (stream->operations.empty() || stream->operations.front().meeting != meeting) return true;
  for (cudaStream_t other : meeting->streams) {
    if (begin_operation(other->gpu)) continue;
    stop_failed(other->gpu);  // The others wait on.
    return false;
  }
  for (cudaStream_t other : meeting->streams) other->operations.pop_front();
  if (Machine::the().computes) meeting->run();
  return true;
}

}  // namespace

void forget_default_streams() {
  for (cudaStream_t stream : streams()) drop_operations(stream);
}

cudaStream_t stream_or_default(cudaStream_t stream) {
  return stream == nullptr ? default_stream(Machine::current_gpu()) : stream;
}

cudaError_t error_of(int gpu) {
  return Machine::the().gpu(gpu).is_failed ? cudaErrorLaunchFailure : cudaSuccess;
}

cudaError_t start(cudaStream_t given, Operation operation) {
  cudaStream_t stream = stream_or_default(given);
  if (stream->gpu != Machine::current_gpu()) return cudaErrorInvalidResourceHandle;
  if (const cudaError_t error = error_of(stream->gpu); error != cudaSuccess) return error;
  if (stream->recording != nullptr) {
    stream->recording->operations.push_back(std::move(operation));
    return cudaSuccess;
  }
  keep_order(stream);
  stream->operations.push_back(std::move(operation));
  if (Machine::the().pace == Pace::kAtOnce) {
    while (advance(stream)) {
    }
  }
  return cudaSuccess;
}

bool advance(cudaStream_t stream) {
  if (stream->operations.empty() || error_of(stream->gpu) != cudaSuccess) return false;
  if (stream->operations.front().meeting != nullptr) return meet(stream);
  const Operation operation = std::move(stream->operations.front());
  stream->operations.pop_front();
  if (!begin_operation(stream->gpu)) {
    stop_failed(stream->gpu);
    return false;
  }
  const Computing computing(stream->gpu);
  if (operation.kernel != nullptr) {
    run_kernel(stream, *operation.kernel);
  } else {
    operation.run();
  }
  return true;
}

cudaError_t drain(cudaStream_t stream) {
  const Computing computing(stream->gpu);
  while (advance(stream)) {
  }
  if (error_of(stream->gpu) == cudaSuccess && !stream->operations.empty()) {
    misuse("waits forever for a GPU that does not come to what all do together");
  }
  return error_of(stream->gpu);
}

cudaError_t drain_gpu(int gpu) {
  default_stream(gpu);
  for (cudaStream_t stream : std::set<cudaStream_t>(streams())) {
    if (stream->gpu == gpu) drain(stream);
  }
  return error_of(gpu);
}

void drop_meetings(const void* connection) {
  for (cudaStream_t stream : streams()) {
    std::erase_if(stream->operations, [connection](const Operation& operation) {
      return operation.meeting != nullptr && operation.meeting->connection == connection;
    });
  }
}

cudaError_t refuse_while_recording() {
  bool is_recording = false;
  for (cudaStream_t stream : streams()) {
    if (stream->recording == nullptr) continue;
    stream->recording->is_spoilt = true;
    is_recording = true;
  }
  return is_recording ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

}  // namespace ringmaster::stand_in

using ringmaster::stand_in::Machine;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  namespace stand_in = ringmaster::stand_in;
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  *stream = new CUstream_st{.gpu = Machine::current_gpu(),
                            .is_blocking = (flags & cudaStreamNonBlocking) == 0};
  stand_in::streams().insert(*stream);
  ++Machine::the().alive["streams"];
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  namespace stand_in = ringmaster::stand_in;
  if (stand_in::streams().erase(stream) == 0) stand_in::misuse("a stream is destroyed twice");
  if (!stream->operations.empty() && stand_in::error_of(stream->gpu) == cudaSuccess) {
    stand_in::misuse("a stream is destroyed that has work");
  }
  delete stream;
  --Machine::the().alive["streams"];
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  namespace stand_in = ringmaster::stand_in;
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  const cudaError_t refused = stand_in::refuse_while_recording();
  return refused != cudaSuccess ? refused : stand_in::drain(stand_in::stream_or_default(stream));
}

/// A stream gets on by one operation whenever somebody asks.
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  namespace stand_in = ringmaster::stand_in;
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  const cudaError_t refused = stand_in::refuse_while_recording();
  if (refused != cudaSuccess) return refused;
  stand_in::advance(stream);
  const cudaError_t error = stand_in::error_of(stream->gpu);
  return error == cudaSuccess && !stream->operations.empty() ? cudaErrorNotReady : error;
}

cudaError_t cudaDeviceSynchronize() {
  namespace stand_in = ringmaster::stand_in;
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  const cudaError_t refused = stand_in::refuse_while_recording();
  return refused != cudaSuccess ? refused : stand_in::drain_gpu(Machine::current_gpu());
}

}  // extern "C"
