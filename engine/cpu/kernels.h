#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace ringmaster::engine {

/// Instruction sets that the CPU kernels are built for. Results are reproducible bit for bit within
/// one of them, not between them.
enum class Isa { kScalar, kAvx2, kAvx512 };

[[nodiscard]] std::string_view isa_name(Isa isa);

/// The widest that this processor has.
[[nodiscard]] Isa best_isa();

/// "scalar", "avx2", "avx512", or "" for the best. Fails with kInvalidArgument if the name is
/// unknown or this processor (or build) lacks it.
[[nodiscard]] Result<Isa> parse_isa(std::string_view name);

/// Tokens in an online-softmax chunk of attention. Chunks start at absolute multiples of it, so
/// that a decode step and a prefill chunk add in the same order.
inline constexpr std::int32_t kAttentionChunkTokens = 64;

/// One query head of one token against the paged cache of one layer. Strides in elements.
struct AttentionHead {
  const float* query = nullptr;  ///< [head_dim]
  const float* keys = nullptr;   ///< This layer and KV head in block 0.
  const float* values = nullptr;
  const std::int32_t* blocks = nullptr;  ///< The sequence's block table.
  std::int32_t block_tokens = 0;
  std::int64_t block_stride = 0;
  std::int64_t token_stride = 0;
  std::int32_t context = 0;  ///< Tokens attended to: the token itself and all before it.
  std::int32_t head_dim = 0;
  float scale = 1.0F;    ///< Multiplies each query-key product.
  float* out = nullptr;  ///< [head_dim]
};

/// One product y = x W^T, restricted to output columns [begin, end). Strides in elements.
template <class Weight>
struct MatmulPart {
  const float* x = nullptr;  ///< [tokens, inputs], rows x_stride apart.
  std::int64_t x_stride = 0;
  std::int32_t tokens = 0;
  const Weight* w = nullptr;  ///< [outputs, inputs], dense.
  std::int32_t inputs = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  float* y = nullptr;  ///< [tokens, outputs], rows y_stride apart.
  std::int64_t y_stride = 0;
};

/// The inner loops of the CPU device for one instruction set.
///
/// Each output element is a function of its own row of inputs only, added over all inputs in one
/// fixed order: neither the number of tokens in a call nor the split of columns changes a bit.
struct Kernels {
  void (*matmul_f32)(const MatmulPart<float>& part);
  void (*matmul_bf16)(const MatmulPart<std::uint16_t>& part);
  float (*dot)(const float* a, const float* b, std::int32_t count);
  void (*attend)(const AttentionHead& head);
  /// out = gate / (1 + exp(-gate)) * up; `out` may be `gate`.
  void (*swiglu)(const float* gate, const float* up, float* out, std::int32_t count);
};

/// Requires: this processor has `isa`.
[[nodiscard]] const Kernels& kernels_for(Isa isa);

// One table per translation unit, each compiled for its instruction set; null where the target
// architecture does not have it.
[[nodiscard]] const Kernels* scalar_kernels();
[[nodiscard]] const Kernels* avx2_kernels();
[[nodiscard]] const Kernels* avx512_kernels();

}  // namespace ringmaster::engine
