#pragma once

#include "engine/cpu/vector_attention.h"
#include "engine/cpu/vector_math.h"

namespace ringmaster::engine {

/// The table of kernels over the vector type V.
template <class V>
constexpr Kernels kKernelsOf{.matmul_f32 = &matmul<V, float>,
                             .matmul_bf16 = &matmul<V, std::uint16_t>,
                             .dot = &dot<V>,
                             .attend = &attend<V>,
                             .swiglu = &swiglu<V>};

}  // namespace ringmaster::engine
