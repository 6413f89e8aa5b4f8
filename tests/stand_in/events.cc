#include "tests/stand_in/device_memory_map.h"
#include "tests/stand_in/streams.h"

using ringmaster::stand_in::Machine;
namespace stand_in = ringmaster::stand_in;

namespace {

bool is_reached(cudaEvent_t event) {
  return event->reached == event->wanted;
}

}  // namespace

extern "C" {

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  *event = new CUevent_st{.gpu = Machine::current_gpu()};
  ++Machine::the().alive["events"];
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (!is_reached(event) && stand_in::error_of(event->gpu) == cudaSuccess) {
    stand_in::misuse("an event is destroyed that a stream has still to reach");
  }
  delete event;
  --Machine::the().alive["events"];
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t given) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  cudaStream_t stream = stand_in::stream_or_default(given);
  if (stream->recording != nullptr) return stand_in::refuse_while_recording();
  if (event->gpu != stream->gpu) return cudaErrorInvalidResourceHandle;
  event->is_recorded = true;
  event->stream = stream;
  const std::uint64_t wanted = ++event->wanted;
  return stand_in::start(stream, {.run = [event, wanted] {
                           event->reached = wanted;
                           event->milliseconds = Machine::the().gpu(event->gpu).milliseconds;
                         }});
}

/// A stream gets on by one operation whenever somebody asks for an event of it.
cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (const cudaError_t refused = stand_in::refuse_while_recording(); refused != cudaSuccess) {
    return refused;
  }
  if (is_reached(event)) return stand_in::error_of(event->gpu);
  stand_in::advance(event->stream);
  const cudaError_t error = stand_in::error_of(event->gpu);
  return error == cudaSuccess && !is_reached(event) ? cudaErrorNotReady : error;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (const cudaError_t refused = stand_in::refuse_while_recording(); refused != cudaSuccess) {
    return refused;
  }
  {
    const stand_in::Computing computing(event->gpu);
    while (!is_reached(event) && stand_in::advance(event->stream)) {
    }
  }
  const cudaError_t error = stand_in::error_of(event->gpu);
  if (error == cudaSuccess && !is_reached(event)) stand_in::misuse("waits forever for an event");
  return error;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  if (Machine::the().is_failing_call()) return cudaErrorUnknown;
  if (begin->gpu != end->gpu || !begin->is_recorded || !end->is_recorded) {
    return cudaErrorInvalidResourceHandle;
  }
  if (const cudaError_t error = stand_in::error_of(begin->gpu); error != cudaSuccess) return error;
  if (!is_reached(begin) || !is_reached(end)) return cudaErrorNotReady;
  *milliseconds = static_cast<float>(end->milliseconds - begin->milliseconds);
  return cudaSuccess;
}

}  // extern "C"
