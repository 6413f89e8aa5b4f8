#include "engine/cuda/module/collectives.h"

#include <string>
#include <utility>

#ifdef RINGMASTER_WITH_NCCL
#include <type_traits>

#include <dlfcn.h>
#include <nccl.h>
#endif

namespace ringmaster::engine::cuda {

#ifdef RINGMASTER_WITH_NCCL
namespace {

/// NCCL's functions. It is loaded and not linked: a module for one GPU must not need it.
struct NcclLibrary {
  decltype(&ncclCommInitAll) comm_init_all = nullptr;
  decltype(&ncclCommDestroy) comm_destroy = nullptr;
  decltype(&ncclCommAbort) comm_abort = nullptr;
  decltype(&ncclCommGetAsyncError) comm_get_async_error = nullptr;
  decltype(&ncclGroupStart) group_start = nullptr;
  decltype(&ncclGroupEnd) group_end = nullptr;
  decltype(&ncclAllReduce) all_reduce = nullptr;
  decltype(&ncclBroadcast) broadcast = nullptr;
  decltype(&ncclGetErrorString) error_string = nullptr;

  /// Stays loaded until the process ends; empty, or why it could not be loaded.
  std::string load() {
    void* library = ::dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return ::dlerror();
    std::string missing;
    const auto find = [&](auto& function, const char* name) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, name));
      if (function == nullptr) missing = std::string("libnccl.so.2 has no ") + name;
    };
    find(comm_init_all, "ncclCommInitAll");
    find(comm_destroy, "ncclCommDestroy");
    find(comm_abort, "ncclCommAbort");
    find(comm_get_async_error, "ncclCommGetAsyncError");
    find(group_start, "ncclGroupStart");
    find(group_end, "ncclGroupEnd");
    find(all_reduce, "ncclAllReduce");
    find(broadcast, "ncclBroadcast");
    find(error_string, "ncclGetErrorString");
    return missing;
  }
};

}  // namespace

struct Collectives::Nccl {
  NcclLibrary library;
  std::vector<ncclComm_t> comms;  // By member; empty before they are there and after abort().

  bool note(CudaStatus& status, ncclResult_t result, const char* what) const {
    if (result == ncclSuccess) return true;
    return status.fail(std::string(what) + ": NCCL: " + library.error_string(result));
  }

  /// One call for every member, as a group: none waits for another while they are started.
  template <class Call>
  void start(CudaStatus& status, const char* what, const Call& call) const {
    if (!status.ok() || comms.empty()) return;
    if (!note(status, library.group_start(), what)) return;
    for (std::size_t i = 0; i < comms.size(); ++i) note(status, call(i), what);
    note(status, library.group_end(), what);
  }
};

Collectives::Collectives(CudaStatus& status, std::vector<Member> members)
    : status_(status), members_(std::move(members)), nccl_(std::make_unique<Nccl>()) {
  if (const std::string reason = nccl_->library.load(); !reason.empty()) {
    status_.fail("several GPUs need NCCL: " + reason);
    return;
  }
  std::vector<int> ordinals;
  for (const Member& member : members_) ordinals.push_back(member.ordinal);
  std::vector<ncclComm_t> comms(members_.size());
  const ncclResult_t begun =
      nccl_->library.comm_init_all(comms.data(), static_cast<int>(comms.size()), ordinals.data());
  if (nccl_->note(status_, begun, "connection of the GPUs")) nccl_->comms = std::move(comms);
}

Collectives::~Collectives() {
  for (ncclComm_t comm : nccl_->comms) nccl_->library.comm_destroy(comm);
}

void Collectives::add_up(std::int64_t elements) {
  nccl_->start(status_, "sum over the GPUs", [&](std::size_t i) {
    const Member& member = members_[i];
    return nccl_->library.all_reduce(member.projected, member.projected,
                                     static_cast<std::size_t>(elements), ncclBfloat16, ncclSum,
                                     nccl_->comms[i], member.stream);
  });
}

void Collectives::share_samples(std::int32_t count) {
  nccl_->start(status_, "copy of samples to the GPUs", [&](std::size_t i) {
    const Member& member = members_[i];
    return nccl_->library.broadcast(member.last_samples, member.last_samples,
                                    static_cast<std::size_t>(count), ncclInt32, 0, nccl_->comms[i],
                                    member.stream);
  });
}

void Collectives::check() {
  for (ncclComm_t comm : nccl_->comms) {
    ncclResult_t result = ncclSuccess;
    nccl_->note(status_, nccl_->library.comm_get_async_error(comm, &result), "step");
    nccl_->note(status_, result, "step");
  }
}

void Collectives::abort() {
  for (ncclComm_t comm : nccl_->comms) nccl_->library.comm_abort(comm);
  nccl_->comms.clear();
}

#else

struct Collectives::Nccl {};

Collectives::Collectives(CudaStatus& status, std::vector<Member> members)
    : status_(status), members_(std::move(members)) {
  status_.fail("several GPUs need a module that was built with NCCL (-DRINGMASTER_WITH_NCCL=ON)");
}
Collectives::~Collectives() = default;
void Collectives::add_up(std::int64_t /*elements*/) {}
void Collectives::share_samples(std::int32_t /*count*/) {}
void Collectives::check() {}
void Collectives::abort() {}

#endif

}  // namespace ringmaster::engine::cuda
