// NCCL's part of the stand-in, as the library of its own that the module looks for: libnccl.so.2.

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <nccl.h>

#include "engine/cuda/kernels/bf16.h"
#include "tests/stand_in/device_memory_map.h"
#include "tests/stand_in/streams.h"

using ringmaster::stand_in::Computing;
using ringmaster::stand_in::DeviceMemoryMap;
using ringmaster::stand_in::Machine;
using ringmaster::stand_in::Meeting;
namespace stand_in = ringmaster::stand_in;

namespace {

/// Of each GPU, at the start, and again for every doubling of what is sent.
constexpr std::int64_t kConnectionBytes = std::int64_t{4} << 20U;

/// What one GPU was asked to do together with the others.
struct Share {
  void* buffer = nullptr;
  cudaStream_t stream = nullptr;
  std::size_t count = 0;
  std::size_t element_bytes = 0;
};

/// All GPUs of a group.
struct Connection {
  std::vector<int> gpus;
  std::vector<Share> shares;  // Of the group of calls that is open, by rank.
  std::function<void(const std::vector<Share>&)> run;
  std::set<int> sizes;
  int open_ranks = 0;
};

bool is_group = false;
bool is_broken = false;          // The open group: something in it has failed.
std::vector<Connection*> asked;  // In the open group.

}  // namespace

struct ncclComm {
  std::shared_ptr<Connection> connection;
  std::size_t rank = 0;
};

namespace {

void take_memory(Connection& connection) {
  for (const int gpu : connection.gpus) Machine::the().gpu(gpu).taken_bytes += kConnectionBytes;
  ++Machine::the().takes;
}

ncclResult_t ask(ncclComm_t comm, const Share& share,
                 std::function<void(const std::vector<Share>&)> run) {
  if (Machine::the().is_failing_call()) {
    is_broken = true;
    return ncclInternalError;
  }
  Connection& connection = *comm->connection;
  const int gpu = connection.gpus[comm->rank];
  if (!is_group) stand_in::misuse("one thread would wait for a GPU that it starts later");
  if (share.stream->gpu != gpu) stand_in::misuse("another GPU's stream given to NCCL");
  DeviceMemoryMap::the().expect_on(gpu, share.buffer, share.count * share.element_bytes, "NCCL");
  if (connection.shares.empty()) asked.push_back(&connection);
  connection.shares.resize(connection.gpus.size());
  if (connection.shares[comm->rank].buffer != nullptr) stand_in::misuse("a GPU is asked twice");
  connection.shares[comm->rank] = share;
  connection.run = std::move(run);
  return ncclSuccess;
}

ncclResult_t begin_meeting(Connection& connection) {
  const auto meeting = std::make_shared<Meeting>();
  meeting->connection = &connection;
  for (const Share& share : connection.shares) {
    if (share.buffer == nullptr || share.count != connection.shares.front().count) {
      stand_in::misuse("not all GPUs are asked for the same");
    }
    meeting->streams.push_back(share.stream);
  }
  int size = 0;
  while ((std::size_t{1} << size) < connection.shares.front().count) ++size;
  if (connection.sizes.insert(size).second) take_memory(connection);
  meeting->run = [run = connection.run, shares = connection.shares, gpus = connection.gpus] {
    std::vector<std::unique_ptr<Computing>> all;
    for (const int gpu : gpus) all.push_back(std::make_unique<Computing>(gpu));
    run(shares);
  };
  // Not through start(), which wants the stream's GPU to be the current one: NCCL sees to that.
  for (const Share& share : connection.shares) {
    if (stand_in::error_of(share.stream->gpu) != cudaSuccess) return ncclUnhandledCudaError;
    share.stream->operations.push_back({.meeting = meeting});
  }
  connection.shares.clear();
  if (Machine::the().pace == stand_in::Pace::kAtOnce) {
    stand_in::advance(meeting->streams.front());
  }
  return ncclSuccess;
}

void add_up(const std::vector<Share>& shares) {
  using ringmaster::engine::cuda::Bf16;
  for (std::size_t i = 0; i < shares.front().count; ++i) {
    float sum = 0.0F;
    for (const Share& share : shares) sum += to_float(static_cast<const Bf16*>(share.buffer)[i]);
    const Bf16 rounded = ringmaster::engine::cuda::to_bf16(sum);
    for (const Share& share : shares) static_cast<Bf16*>(share.buffer)[i] = rounded;
  }
}

void release(ncclComm_t comm) {
  Connection& connection = *comm->connection;
  stand_in::drop_meetings(&connection);
  Machine::the().gpu(connection.gpus[comm->rank]).taken_bytes -=
      kConnectionBytes * (1 + static_cast<std::int64_t>(connection.sizes.size()));
  delete comm;
  --Machine::the().alive["connections"];
}

}  // namespace

extern "C" {

ncclResult_t ncclCommInitAll(ncclComm_t* comms, int count, const int* gpus) {
  if (Machine::the().is_failing_call()) return ncclInternalError;
  auto connection = std::make_shared<Connection>();
  connection->gpus.assign(gpus, gpus + count);
  if (std::set<int>(gpus, gpus + count).size() != static_cast<std::size_t>(count)) {
    return ncclInvalidUsage;
  }
  take_memory(*connection);
  for (int rank = 0; rank < count; ++rank) {
    comms[rank] = new ncclComm{connection, static_cast<std::size_t>(rank)};
    ++Machine::the().alive["connections"];
  }
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  release(comm);
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  release(comm);
  return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t /*comm*/, ncclResult_t* error) {
  if (Machine::the().is_failing_call()) return ncclInternalError;
  *error = static_cast<ncclResult_t>(Machine::the().collective_error);
  return ncclSuccess;
}

ncclResult_t ncclGroupStart() {
  if (Machine::the().is_failing_call()) return ncclInternalError;
  is_group = true;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  is_group = false;
  const bool fails = Machine::the().is_failing_call() || std::exchange(is_broken, false);
  ncclResult_t result = fails ? ncclInternalError : ncclSuccess;
  for (Connection* connection : std::exchange(asked, {})) {
    if (result == ncclSuccess) result = begin_meeting(*connection);
    connection->shares.clear();
  }
  return result;
}

ncclResult_t ncclAllReduce(const void* from, void* to, std::size_t count, ncclDataType_t type,
                           ncclRedOp_t operation, ncclComm_t comm, cudaStream_t stream) {
  if (from != to || type != ncclBfloat16 || operation != ncclSum) return ncclInvalidArgument;
  return ask(comm, {.buffer = to, .stream = stream, .count = count, .element_bytes = 2}, add_up);
}

ncclResult_t ncclBroadcast(const void* from, void* to, std::size_t count, ncclDataType_t type,
                           int root, ncclComm_t comm, cudaStream_t stream) {
  if (from != to || type != ncclInt32) return ncclInvalidArgument;
  const auto copy = [root](const std::vector<Share>& shares) {
    const Share& source = shares[static_cast<std::size_t>(root)];
    for (const Share& share : shares) {
      if (share.buffer != source.buffer) {
        std::memcpy(share.buffer, source.buffer, source.count * source.element_bytes);
      }
    }
  };
  return ask(comm, {.buffer = to, .stream = stream, .count = count, .element_bytes = 4}, copy);
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclInternalError:
      return "internal error";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInvalidUsage:
      return "invalid usage";
    default:
      return "another error";
  }
}

}  // extern "C"
