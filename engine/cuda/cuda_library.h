#pragma once

#include <string>

#include "base/result.h"
#include "engine/cuda/cuda_api.h"

namespace ringmaster::engine {

/// Loads libringmaster_cuda.so (`path`; empty: beside the running program) and asks it for its
/// functions and for a GPU. It stays loaded until the process ends.
///
/// Fails with kUnavailable: one line that says why no GPU is usable (no module, one of another
/// version, no driver or one that is too old, no GPU) and which devices work.
[[nodiscard]] Result<const cuda::CudaApi*> load_cuda_api(const std::string& path);

}  // namespace ringmaster::engine
