#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include <cuda_runtime.h>

#include "tests/stand_in/machine.h"

namespace ringmaster::stand_in {

struct KernelStart;
class RunningKernel;

/// What several GPUs do together, each in a stream: done once all have come to it.
struct Meeting {
  const void* connection = nullptr;  ///< By which they meet.
  std::vector<cudaStream_t> streams;
  std::size_t arrived = 0;
  std::function<void()> run;
};

/// One thing that a stream does.
struct Operation {
  std::function<void()> run;         ///< Empty for a meeting and for a kernel.
  std::shared_ptr<Meeting> meeting;  ///< Null for all else.
  bool has_arrived = false;          ///< At the meeting.
  std::shared_ptr<const KernelStart> kernel;
};

}  // namespace ringmaster::stand_in

// The runtime's own names for what its handles point to.

struct CUstream_st {
  int gpu = 0;
  std::deque<ringmaster::stand_in::Operation> operations;  ///< Started and not done.
  /// The oldest of them, if it is a kernel that was begun before the one ahead of it had ended.
  std::shared_ptr<ringmaster::stand_in::RunningKernel> early;
  CUgraph_st* recording = nullptr;  ///< While it is recorded.
  bool is_blocking = false;         ///< Waits for the default stream, which waits for it.
};

struct CUevent_st {
  int gpu = 0;
  bool is_recorded = false;
  std::uint64_t wanted = 0;  ///< How often it was recorded.
  std::uint64_t reached = 0;
  double milliseconds = 0.0;  ///< Of the GPU's clock, when it was reached last.
  cudaStream_t stream = nullptr;
};

struct CUgraph_st {
  std::vector<ringmaster::stand_in::Operation> operations;
  bool is_spoilt = false;  ///< By something that cannot be recorded.
};

struct CUgraphExec_st {
  std::vector<ringmaster::stand_in::Operation> operations;
};

namespace ringmaster::stand_in {

/// The stream itself, or for null the default stream of the current GPU.
[[nodiscard]] cudaStream_t stream_or_default(cudaStream_t stream);

/// Starts something on a stream, or records it. Fails if the stream is another GPU's than the
/// current one, or if that has failed.
cudaError_t start(cudaStream_t stream, Operation operation);

/// Runs the oldest operation, first what others have to do for it. False if there is none, or if it
/// waits for a GPU that does not come.
bool advance(cudaStream_t stream);

/// Runs all. Ends the program if that would wait forever.
cudaError_t drain(cudaStream_t stream);
/// All streams of a GPU.
cudaError_t drain_gpu(int gpu);

/// Drops what waits for a connection's GPUs.
void drop_meetings(const void* connection);

/// What a function that waits, allocates or asks for memory returns while any stream is recorded:
/// the recording is spoilt.
cudaError_t refuse_while_recording();

cudaError_t error_of(int gpu);

/// Of another machine, whose default streams may have work left that was never waited for.
void forget_default_streams();

}  // namespace ringmaster::stand_in
