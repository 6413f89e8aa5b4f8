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

bool can_overlap_launches() {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, run_kernel<Embed>) == cudaSuccess &&
         attributes.ptxVersion >= 90;  // Of the code it was compiled from, not of the GPU.
}

}  // namespace ringmaster::engine::cuda
