#include "engine/cuda/weight_placement.h"

#include <bit>
#include <cstring>
#include <utility>

namespace ringmaster::engine::cuda {
namespace {

/// An IEEE half as a float; exact.
float float_of_half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = bits >> 10U & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0) {  // Subnormal: fraction * 2^-24.
    const float magnitude = static_cast<float>(fraction) * 0x1.0p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 0xffU : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

class Placer {
 public:
  Placer(const CudaModelShape& shape, const std::function<Bf16*(std::int64_t)>& take)
      : shape_(shape), take_(take) {}

  WeightPlacement place(const CudaOpenRequest& request) {
    const std::int64_t hidden = shape_.hidden;
    const std::int64_t table = shape_.vocabulary * hidden;
    DeviceWeights& weights = placement_.weights;
    weights.embedding = one(request.embedding, table);
    for (std::int32_t i = 0; i < shape_.layers; ++i) {
      weights.layers.push_back(layer(request.layers == nullptr ? HostLayer{} : request.layers[i]));
    }
    weights.final_norm = one(request.final_norm, hidden);
    if (request.rank > 0) return std::move(placement_);
    weights.head = shape_.has_tied_head != 0 ? weights.embedding : one(request.head, table);
    return std::move(placement_);
  }

 private:
  struct Piece {
    HostTensor from;
    std::int64_t elements;
  };

  const Bf16* one(const HostTensor& from, std::int64_t elements) {
    return stack({{from, elements}});
  }

  /// Tensors one after the other in one allocation.
  const Bf16* stack(const std::vector<Piece>& pieces) {
    std::int64_t elements = 0;
    for (const Piece& piece : pieces) elements += piece.elements;
    Bf16* at = take_(elements);
    placement_.elements += elements;
    std::int64_t offset = 0;
    for (const Piece& piece : pieces) {
      placement_.parts.push_back({.from = piece.from,
                                  .to = at == nullptr ? nullptr : at + offset,
                                  .elements = piece.elements});
      offset += piece.elements;
    }
    return at;
  }

  DeviceLayer layer(const HostLayer& host) {
    const std::int64_t hidden = shape_.hidden;
    const std::int64_t query = std::int64_t{shape_.heads} * shape_.head_dim;
    const std::int64_t kv = std::int64_t{shape_.kv_heads} * shape_.head_dim;
    const std::int64_t inner = shape_.feed_forward;
    DeviceLayer layer;
    layer.attention_norm = one(host.attention_norm, hidden);
    layer.qkv =
        stack({{host.query, query * hidden}, {host.key, kv * hidden}, {host.value, kv * hidden}});
    if (shape_.has_qkv_bias != 0) {
      layer.qkv_bias =
          stack({{host.query_bias, query}, {host.key_bias, kv}, {host.value_bias, kv}});
    }
    if (shape_.has_qk_norm != 0) {
      layer.query_norm = one(host.query_norm, shape_.head_dim);
      layer.key_norm = one(host.key_norm, shape_.head_dim);
    }
    layer.attention_out = one(host.attention_out, hidden * query);
    layer.mlp_norm = one(host.mlp_norm, hidden);
    layer.gate_up = stack({{host.gate, inner * hidden}, {host.up, inner * hidden}});
    layer.down = one(host.down, hidden * inner);
    return layer;
  }

  const CudaModelShape& shape_;
  const std::function<Bf16*(std::int64_t)>& take_;
  WeightPlacement placement_;
};

}  // namespace

WeightPlacement place_weights(const CudaOpenRequest& request,
                              const std::function<Bf16*(std::int64_t)>& take) {
  return Placer(request.shape, take).place(request);
}

void convert_to_bf16(const HostTensor& tensor, std::int64_t first, std::int64_t count, Bf16* to) {
  const auto n = static_cast<std::size_t>(count);
  if (tensor.type == HostType::kF32) {
    const auto* from = static_cast<const float*>(tensor.data) + first;
    for (std::size_t i = 0; i < n; ++i) to[i] = to_bf16(from[i]);
    return;
  }
  const auto* from = static_cast<const std::uint16_t*>(tensor.data) + first;
  if (tensor.type == HostType::kBf16) {
    std::memcpy(to, from, n * sizeof(Bf16));
    return;
  }
  for (std::size_t i = 0; i < n; ++i) to[i] = to_bf16(float_of_half(from[i]));
}

}  // namespace ringmaster::engine::cuda
