#include <string_view>

#include "engine/cuda/kernels/copy_blocks.cuh"
#include "engine/cuda/kernels/decode_attention.cuh"
#include "engine/cuda/kernels/embed.cuh"
#include "engine/cuda/kernels/rms_norm.cuh"
#include "engine/cuda/kernels/rope_store.cuh"
#include "engine/cuda/kernels/swiglu.cuh"
#include "engine/cuda/module/launch.cuh"
#include "engine/cuda/module/random_fill.cuh"

namespace kernels = ringmaster::engine::cuda;

RINGMASTER_BUILD_KERNEL(kernels::CopyBlocks);
RINGMASTER_BUILD_KERNEL(kernels::Embed);
RINGMASTER_BUILD_KERNEL(kernels::RmsNorm);
RINGMASTER_BUILD_KERNEL(kernels::RopeStore);
RINGMASTER_BUILD_KERNEL(kernels::SwiGlu);
RINGMASTER_BUILD_KERNEL(kernels::MergePieces);
RINGMASTER_BUILD_KERNEL(kernels::RandomFill);

namespace ringmaster::engine::cuda {

KernelCode kernel_code() {
  cudaFuncAttributes attributes{};
  const cudaError_t status =
      cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(run_kernel<Embed>));
  // The version of what it was compiled from, not that of the GPU.
  if (status != cudaSuccess) return {.status = status};
  const bool is_for_90a =
      std::string_view(RINGMASTER_CUDA_ARCHITECTURES).find("90a") != std::string_view::npos;
  return {.status = status,
          .can_overlap_launches = attributes.ptxVersion >= 90,
          .has_wgmma = is_for_90a && attributes.binaryVersion == 90};
}

}  // namespace ringmaster::engine::cuda
