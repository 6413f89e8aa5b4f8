#pragma once

#include <string>

#include <cublasLt.h>
#include <cuda_runtime.h>

namespace ringmaster::engine::cuda {

/// Remembers the first thing that went wrong on a device; CUDA's errors are sticky, so later ones
/// only repeat it. Everything that fails reports here, and whoever was asked looks here at the end.
class CudaStatus {
 public:
  /// `what` was done, as in "copy of the step". True if it worked.
  bool note(cudaError_t result, const char* what) {
    if (result == cudaSuccess) return true;
    return fail(std::string(what) + ": " + cudaGetErrorString(result));
  }
  bool note(cublasStatus_t result, const char* what) {
    if (result == CUBLAS_STATUS_SUCCESS) return true;
    return fail(std::string(what) + ": " + cublasLtGetStatusString(result));
  }
  /// Always false.
  bool fail(std::string message) {
    if (message_.empty()) message_ = std::move(message);
    return false;
  }

  [[nodiscard]] bool ok() const { return message_.empty(); }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  std::string message_;
};

}  // namespace ringmaster::engine::cuda
