#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/gpu/kernel_cases.h"

namespace ringmaster::engine::cuda {

/// Values of one token whose rows are out of the ordinary, a KV head each, stored as e4m3. What
/// was finite is read back within half a step of its row's largest; a row with something that is
/// not finite is read back as nothing finite.
template <class Device>
CaseResult e4m3_extremes_case(Device& device) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  constexpr std::int32_t kDim = 64;
  struct Row {
    float most;      ///< All but the last.
    float last;      ///< In the last lane that holds any.
    bool is_finite;  ///< When read back.
  };
  const Row rows[] = {{0.0F, 0.0F, true},       {-0.0F, -1.0F, true},      {1e-30F, 1.0F, true},
                      {9e-41F, 0.0F, true},     {0x1.0p-126F, 0.0F, true}, {1e-44F, 3e38F, true},
                      {-3e38F, 3e38F, true},    {1.0F, kNone, false},      {kNone, kNone, false},
                      {1.0F, kInfinite, false}, {0.0F, -kInfinite, false}};
  const auto count = static_cast<std::int32_t>(std::size(rows));
  const KvLayout kv{.layers = 1,
                    .blocks = 2,
                    .kv_heads = count,
                    .block_tokens = 3,
                    .head_dim = kDim,
                    .type = KvType::kE4m3};
  Bf16s qkv(static_cast<std::size_t>((1 + 2 * count) * kDim), to_bf16(1.0F));
  const std::size_t first = static_cast<std::size_t>((1 + count) * kDim);
  for (std::int32_t r = 0; r < count; ++r) {
    const std::size_t at = first + static_cast<std::size_t>(r * kDim);
    std::fill_n(qkv.begin() + static_cast<std::ptrdiff_t>(at), kDim, to_bf16(rows[r].most));
    qkv[at + kDim - 1] = to_bf16(rows[r].last);
  }
  const auto plane = static_cast<std::size_t>(kv.plane_stride());
  Bf16* cache_at = device.upload(poisoned(2 * plane));
  constexpr std::int32_t kSlot = 4;  // Block 1, row 1.
  device.template launch<RopeStore>({ceil_div(1 + 2 * count, RopeStore::kWarps), 1}, 0,
                                    {.qkv = device.upload(qkv),
                                     .keys = cache_at,
                                     .values = cache_at + plane,
                                     .query_norm = nullptr,
                                     .key_norm = nullptr,
                                     .cosines = device.upload(std::vector<float>(kDim / 2, 1.0F)),
                                     .sines = device.upload(std::vector<float>(kDim / 2, 0.0F)),
                                     .positions = device.upload(std::vector<std::int32_t>{0}),
                                     .kv_slots = device.upload(std::vector<std::int32_t>{kSlot}),
                                     .kv = kv,
                                     .heads = 1,
                                     .epsilon = 1e-6F});
  const auto cache = device.download(cache_at, 2 * plane);
  CaseResult result{.name = "rope_store, rows out of the ordinary, e4m3", .bound = kE4m3Bound};
  for (std::int32_t r = 0; r < count; ++r) {
    const auto got = cached_row(kv, cache.data() + plane, 1, r, 1);
    const double most = to_float(to_bf16(rows[r].most));
    const double last = to_float(to_bf16(rows[r].last));
    // Below it a row has no scale of its own; the steps there are of the smallest scale's.
    const double largest = std::max({std::abs(most), std::abs(last), 0x1.0p-126 * kE4m3Max});
    for (std::int32_t i = 0; i < kDim; ++i) {
      const double value = got[static_cast<std::size_t>(i)];
      const double want = i == kDim - 1 ? last : most;
      if (rows[r].is_finite) {
        note(result.error, (value - want) / largest);
      } else if (std::isfinite(value)) {
        result.error = INFINITY;
      }
    }
  }
  return result;
}

}  // namespace ringmaster::engine::cuda
