#include "engine/cuda/cuda_library.h"

#include <filesystem>
#include <system_error>

#include <dlfcn.h>

namespace ringmaster::engine {
namespace {

constexpr const char* kModuleName = "libringmaster_cuda.so";

tl::unexpected<Error> no_gpu(const std::string& reason) {
  return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance,
              "no GPU is usable: " + reason + "; --device cpu and --device sim work");
}

std::string path_beside_program() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? std::string(kModuleName) : (program.parent_path() / kModuleName).string();
}

}  // namespace

Result<const cuda::CudaApi*> load_cuda_api(const std::string& path) {
  const std::string file = path.empty() ? path_beside_program() : path;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return no_gpu(file + " is missing (the CUDA toolkit builds it: cmake --preset cuda)");
  }
  void* module = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) return no_gpu(std::string(::dlerror()));
  void* entry = ::dlsym(module, cuda::kCudaApiEntry);
  if (entry == nullptr) return no_gpu(file + " is not the CUDA module of this program");
  const auto* api = reinterpret_cast<const cuda::CudaApi* (*)()>(entry)();
  if (api->version != cuda::kCudaApiVersion) {
    return no_gpu(file + " has version " + std::to_string(api->version) + ", this program needs " +
                  std::to_string(cuda::kCudaApiVersion));
  }
  char reason[512] = {};
  if (api->device_count(reason, sizeof reason) == 0) return no_gpu(reason);
  return api;
}

}  // namespace ringmaster::engine
