#include "engine/cuda/kernels/decode_attention.cuh"
#include "engine/cuda/module/launch.cuh"

namespace kernels = ringmaster::engine::cuda;

RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<16>);
RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<32>);
RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<64>);
RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<128>);
RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<16, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<32, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<64, kernels::KvType::kE4m3>);
RINGMASTER_BUILD_KERNEL(kernels::DecodeAttention<128, kernels::KvType::kE4m3>);
