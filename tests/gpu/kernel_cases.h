#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/cuda/attention_plan.h"
#include "engine/cuda/kernels/bf16.h"
#include "engine/cuda/kernels/decode_attention.cuh"
#include "engine/cuda/kernels/e4m3.h"
#include "engine/cuda/kernels/embed.cuh"
#include "engine/cuda/kernels/prefill_attention.cuh"
#include "engine/cuda/kernels/rms_norm.cuh"
#include "engine/cuda/kernels/rope_store.cuh"
#include "engine/cuda/kernels/swiglu.cuh"
#include "engine/cuda/kernels/wgmma_attention.cuh"
#include "engine/cuda/kv_layout.h"

// Each kernel against a plain reference in double, on one description of the data: the unit tests
// run the cases in the grid emulator, the check on a GPU runs the same ones there. A device has
//   T* upload(std::vector<T>), std::vector<T> download(const T*, count), launch<Kernel>(...).

namespace ringmaster::engine::cuda {

/// How far a kernel's results are from the reference, and how far rounding lets them be.
struct CaseResult {
  std::string name;
  double error = 0.0;  ///< Largest, relative to what the case states; infinite if not a number.
  double bound = 0.0;

  [[nodiscard]] bool passed() const { return error <= bound; }
};

/// Half a unit in the last place of a bfloat16, and a little for the f32 arithmetic before it.
inline constexpr double kBf16Bound = 0x1.0p-8 * 1.01;

using Bf16s = std::vector<Bf16>;

inline Bf16s random_bf16(std::uint64_t seed, std::size_t count, double size = 1.0) {
  std::mt19937_64 random(seed);
  Bf16s values(count);
  for (Bf16& value : values) {
    const double unit = static_cast<double>(random() >> 11U) * 0x1.0p-53;
    value = to_bf16(static_cast<float>((2.0 * unit - 1.0) * size));
  }
  return values;
}

inline Bf16s poisoned(std::size_t count) {
  return Bf16s(count, Bf16{0x7fff});
}

/// Keeps the largest error; something that is no number is infinitely wrong.
inline void note(double& worst, double difference) {
  worst = difference == difference ? std::max(worst, std::abs(difference)) : INFINITY;
}

/// |got - want| relative to |want|, but at least to `floor`.
inline double relative(double got, double want, double floor) {
  return (got - want) / std::max(std::abs(want), floor);
}

template <class Device>
CaseResult norm_case(Device& device, std::int32_t rows, std::int32_t width, bool adds) {
  const auto count = static_cast<std::size_t>(rows * width);
  const auto hidden = random_bf16(1, count, 3.0);
  const auto addition = random_bf16(2, count, 2.0);
  const auto weight = random_bf16(3, static_cast<std::size_t>(width), 1.5);
  Bf16* hidden_at = device.upload(hidden);
  Bf16* out_at = device.upload(poisoned(count));
  constexpr float kEpsilon = 1e-5F;
  device.template launch<RmsNorm>({rows}, RmsNorm::shared_bytes(),
                                  {.hidden = hidden_at,
                                   .addition = adds ? device.upload(addition) : nullptr,
                                   .weight = device.upload(weight),
                                   .out = out_at,
                                   .rows = nullptr,
                                   .row_stride = 0,
                                   .width = width,
                                   .epsilon = kEpsilon,
                                   .writes_hidden = adds});
  const auto out = device.download(out_at, count);
  const auto sums = device.download(hidden_at, count);
  CaseResult result{.name = "rms_norm " + std::to_string(rows) + "x" + std::to_string(width) +
                            (adds ? " + residual" : ""),
                    // Two roundings in a row, as the models' own code has them.
                    .bound = 2.02 * kBf16Bound};
  for (std::int32_t r = 0; r < rows; ++r) {
    const auto at = static_cast<std::size_t>(r * width);
    std::vector<double> x(static_cast<std::size_t>(width));
    double squares = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = to_float(hidden[at + i]);
      if (adds) x[i] = rounded(static_cast<float>(x[i] + to_float(addition[at + i])));
      squares += x[i] * x[i];
      note(result.error, sums[at + i].bits == to_bf16(static_cast<float>(x[i])).bits ? 0.0 : 1.0);
    }
    const double scale = 1.0 / std::sqrt(squares / width + kEpsilon);
    for (std::size_t i = 0; i < x.size(); ++i) {
      note(result.error, relative(to_float(out[at + i]), x[i] * scale * to_float(weight[i]), 1e-6));
    }
  }
  return result;
}

template <class Device>
CaseResult swiglu_case(Device& device, std::int32_t tokens, std::int32_t width) {
  const auto in = random_bf16(4, static_cast<std::size_t>(tokens * 2 * width), 6.0);
  const auto count = static_cast<std::size_t>(tokens * width);
  Bf16* out_at = device.upload(poisoned(count));
  device.template launch<SwiGlu>({ceil_div(width / 8, SwiGlu::kThreads), tokens}, 0,
                                 {.gate_up = device.upload(in), .out = out_at, .width = width});
  const auto out = device.download(out_at, count);
  CaseResult result{.name = "swiglu " + std::to_string(tokens) + "x" + std::to_string(width),
                    .bound = 1.02 * kBf16Bound};
  for (std::int32_t t = 0; t < tokens; ++t) {
    for (std::int32_t i = 0; i < width; ++i) {
      const double gate = to_float(in[static_cast<std::size_t>(t * 2 * width + i)]);
      const double up = to_float(in[static_cast<std::size_t>(t * 2 * width + width + i)]);
      note(result.error, relative(to_float(out[static_cast<std::size_t>(t * width + i)]),
                                  gate / (1.0 + std::exp(-gate)) * up, 1e-6));
    }
  }
  return result;
}

/// Tokens by id, one by the newest sample of a slot, one outside the vocabulary.
template <class Device>
CaseResult embed_case(Device& device, std::int32_t hidden) {
  constexpr std::int32_t kVocabulary = 11;
  const auto table = random_bf16(5, static_cast<std::size_t>(kVocabulary * hidden));
  const std::vector<std::int32_t> tokens{3, 10, sample_of_slot(2), kVocabulary, 0};
  const std::vector<std::int32_t> expected{3, 10, 7, 0, 0};
  const auto count = tokens.size() * static_cast<std::size_t>(hidden);
  Bf16* out_at = device.upload(poisoned(count));
  device.template launch<Embed>({static_cast<int>(tokens.size())}, 0,
                                {.tokens = device.upload(tokens),
                                 .last_samples = device.upload(std::vector<std::int32_t>{9, 9, 7}),
                                 .table = device.upload(table),
                                 .out = out_at,
                                 .hidden = hidden,
                                 .vocabulary = kVocabulary});
  const auto out = device.download(out_at, count);
  CaseResult result{.name = "embed " + std::to_string(hidden), .bound = 0.0};
  for (std::size_t i = 0; i < count; ++i) {
    const auto width = static_cast<std::size_t>(hidden);
    const auto row = static_cast<std::size_t>(expected[i / width]);
    note(result.error, out[i].bits == table[row * width + i % width].bits ? 0.0 : 1.0);
  }
  return result;
}

struct HeadShape {
  std::int32_t heads = 0;
  std::int32_t kv_heads = 0;
  std::int32_t dim = 0;
  std::int32_t block_tokens = 0;

  [[nodiscard]] std::string text() const {
    return std::to_string(heads) + "/" + std::to_string(kv_heads) + " heads of " +
           std::to_string(dim) + ", blocks of " + std::to_string(block_tokens);
  }
};

/// Half a step of an e4m3 number, relative.
inline constexpr double kE4m3Bound = 0x1.0p-4 * 1.01;
/// How far attention over a cache of e4m3 may be from that over the numbers before they were
/// stored: the root of the squared differences over that of the squares.
inline constexpr double kE4m3Gate = 0.06;

inline std::vector<double> floats(const Bf16* values, std::int32_t count) {
  std::vector<double> result;
  for (std::int32_t i = 0; i < count; ++i) result.push_back(to_float(values[i]));
  return result;
}

/// A row of a plane of a cache.
inline std::vector<double> cached_row(const KvLayout& kv, const Bf16* plane, std::int32_t block,
                                      std::int32_t kv_head, std::int32_t slot) {
  const Bf16* row = plane + kv.row(block, kv_head, slot);
  if (kv.type == KvType::kBf16) return floats(row, kv.head_dim);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(row);
  float scale = 0.0F;
  std::memcpy(&scale, plane + kv.scale(block, kv_head, slot), sizeof scale);
  std::vector<double> values;
  for (std::int32_t i = 0; i < kv.head_dim; ++i) {
    values.push_back(static_cast<double>(from_e4m3(bytes[i])) * scale);
  }
  return values;
}

/// Token 1 is padding: its keys and values must be stored nowhere.
template <class Device>
CaseResult rope_case(Device& device, const HeadShape& shape, bool has_norm,
                     KvType type = KvType::kBf16) {
  constexpr std::int32_t kTokens = 3;
  constexpr std::int32_t kPositions = 40;
  const std::vector<std::int32_t> positions{0, 5, 39};
  const KvLayout kv{.layers = 1,
                    .blocks = 5,
                    .kv_heads = shape.kv_heads,
                    .block_tokens = shape.block_tokens,
                    .head_dim = shape.dim,
                    .type = type};
  const std::vector<std::int32_t> slots{2 * shape.block_tokens + shape.block_tokens / 2, -1,
                                        4 * shape.block_tokens};
  const std::int32_t units = shape.heads + 2 * shape.kv_heads;
  const auto qkv = random_bf16(6, static_cast<std::size_t>(kTokens * units * shape.dim), 2.0);
  const auto query_norm = random_bf16(7, static_cast<std::size_t>(shape.dim), 1.5);
  const auto key_norm = random_bf16(8, static_cast<std::size_t>(shape.dim), 1.5);
  std::vector<float> cosines;
  std::vector<float> sines;
  for (std::int32_t p = 0; p < kPositions; ++p) {
    for (std::int32_t j = 0; j < shape.dim / 2; ++j) {
      const double angle = p * std::pow(10'000.0, -2.0 * j / shape.dim);
      cosines.push_back(static_cast<float>(std::cos(angle)));
      sines.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  Bf16* qkv_at = device.upload(qkv);
  const auto plane = static_cast<std::size_t>(kv.plane_stride());
  Bf16* cache_at = device.upload(poisoned(2 * plane));
  constexpr float kEpsilon = 1e-6F;
  device.template launch<RopeStore>({ceil_div(units, RopeStore::kWarps), kTokens}, 0,
                                    {.qkv = qkv_at,
                                     .keys = cache_at,
                                     .values = cache_at + plane,
                                     .query_norm = has_norm ? device.upload(query_norm) : nullptr,
                                     .key_norm = has_norm ? device.upload(key_norm) : nullptr,
                                     .cosines = device.upload(cosines),
                                     .sines = device.upload(sines),
                                     .positions = device.upload(positions),
                                     .kv_slots = device.upload(slots),
                                     .kv = kv,
                                     .heads = shape.heads,
                                     .epsilon = kEpsilon});
  const auto rotated = device.download(qkv_at, qkv.size());
  const auto cache = device.download(cache_at, 2 * plane);
  // Relative to the pair's length: a rotation may cancel. With a norm, two roundings go before.
  CaseResult result{
      .name = "rope_store " + shape.text() + (has_norm ? ", norm" : "") +
              (type == KvType::kE4m3 ? ", e4m3" : ""),
      .bound = (has_norm ? 3.1 : 1.02) * kBf16Bound + (type == KvType::kE4m3 ? kE4m3Bound : 0.0)};
  std::size_t stored = 0;
  for (std::int32_t t = 0; t < kTokens; ++t) {
    for (std::int32_t u = 0; u < units; ++u) {
      const auto at = static_cast<std::size_t>((t * units + u) * shape.dim);
      const bool is_query = u < shape.heads;
      const bool is_key = !is_query && u < shape.heads + shape.kv_heads;
      const std::int32_t slot = slots[static_cast<std::size_t>(t)];
      if (!is_query && slot < 0) continue;
      std::vector<double> got = floats(rotated.data() + at, shape.dim);
      if (!is_query) {
        const std::int32_t kv_head = u - shape.heads - (is_key ? 0 : shape.kv_heads);
        got = cached_row(kv, cache.data() + (is_key ? 0 : plane), slot / shape.block_tokens,
                         kv_head, slot % shape.block_tokens);
        stored += static_cast<std::size_t>(kv.row_units() + (type == KvType::kE4m3 ? 2 : 0));
      }
      std::vector<double> x(static_cast<std::size_t>(shape.dim));
      double squares = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = to_float(qkv[at + i]);
        squares += x[i] * x[i];
      }
      if (!is_query && !is_key) {
        const bool is_exact = type == KvType::kBf16;
        for (std::size_t i = 0; i < x.size(); ++i) {
          note(result.error, (got[i] - x[i]) / (is_exact ? 1.0 : std::max(std::abs(x[i]), 1e-2)));
        }
        continue;
      }
      const auto& norm = is_query ? query_norm : key_norm;
      const double scale = 1.0 / std::sqrt(squares / shape.dim + kEpsilon);
      for (std::size_t i = 0; has_norm && i < x.size(); ++i) x[i] *= scale * to_float(norm[i]);
      const std::size_t half = x.size() / 2;
      for (std::size_t j = 0; j < half; ++j) {
        const auto angle =
            static_cast<std::size_t>(positions[static_cast<std::size_t>(t)]) * half + j;
        const double length = std::max(std::hypot(x[j], x[j + half]), 1e-3);
        const double c = cosines[angle];
        const double s = sines[angle];
        note(result.error, (got[j] - (x[j] * c - x[j + half] * s)) / length);
        note(result.error, (got[j + half] - (x[j + half] * c + x[j] * s)) / length);
      }
    }
  }
  const auto written =
      std::count_if(cache.begin(), cache.end(), [](Bf16 v) { return v.bits != 0x7fff; });
  if (static_cast<std::size_t>(written) != stored) result.error = INFINITY;
  return result;
}

/// A paged cache with random content where sequences have tokens, and NaNs elsewhere. Blocks are
/// dealt out in a shuffled order.
struct PagedCase {
  KvLayout kv;
  Bf16s cache;  ///< Keys, then values.
  std::vector<std::int32_t> contexts;
  std::vector<std::int32_t> table_starts;
  std::vector<std::int32_t> blocks;
  std::vector<double> exact;  ///< What was stored, [keys, values][rows][head_dim].
  std::vector<double> held;   ///< What the cache has of it.

  PagedCase(const HeadShape& shape, std::vector<std::int32_t> lengths, KvType type)
      : contexts(std::move(lengths)) {
    std::int32_t needed = 0;
    for (const std::int32_t context : contexts) {
      table_starts.push_back(needed);
      needed += ceil_div(context, shape.block_tokens);
    }
    kv = {.layers = 1,
          .blocks = needed + 2,
          .kv_heads = shape.kv_heads,
          .block_tokens = shape.block_tokens,
          .head_dim = shape.dim,
          .type = type};
    blocks.resize(static_cast<std::size_t>(kv.blocks));
    std::iota(blocks.begin(), blocks.end(), 0);
    std::shuffle(blocks.begin(), blocks.end(), std::mt19937(9));
    blocks.resize(static_cast<std::size_t>(needed));
    cache = poisoned(2 * static_cast<std::size_t>(kv.plane_stride()));
    held.assign(2 * rows() * static_cast<std::size_t>(kv.head_dim), NAN);
    exact = held;
    for (std::size_t s = 0; s < contexts.size(); ++s) fill(s);
  }

  /// Attention of one query over the first `seen` tokens of `content`, in double.
  [[nodiscard]] std::vector<double> attend(const std::vector<double>& content, const Bf16* query,
                                           std::size_t sequence, std::int32_t kv_head,
                                           std::int32_t seen) const {
    const auto dim = static_cast<std::size_t>(kv.head_dim);
    std::vector<double> scores(static_cast<std::size_t>(seen));
    for (std::int32_t p = 0; p < seen; ++p) {
      double dot = 0.0;
      for (std::size_t d = 0; d < dim; ++d) {
        dot += to_float(query[d]) * content[at(0, sequence, kv_head, p) + d];
      }
      scores[static_cast<std::size_t>(p)] = dot / std::sqrt(kv.head_dim);
    }
    const double highest = *std::max_element(scores.begin(), scores.end());
    std::vector<double> out(dim, 0.0);
    double total = 0.0;
    for (std::int32_t p = 0; p < seen; ++p) {
      const double weight = std::exp(scores[static_cast<std::size_t>(p)] - highest);
      total += weight;
      for (std::size_t d = 0; d < dim; ++d) {
        out[d] += weight * content[at(1, sequence, kv_head, p) + d];
      }
    }
    for (double& value : out) value /= total;
    return out;
  }

 private:
  [[nodiscard]] std::size_t rows() const {
    return static_cast<std::size_t>(kv.blocks * kv.kv_heads * kv.block_tokens);
  }
  [[nodiscard]] std::int32_t block_of(std::size_t sequence, std::int32_t position) const {
    return blocks[static_cast<std::size_t>(table_starts[sequence] + position / kv.block_tokens)];
  }
  /// Where a row of keys (part 0) or values (1) begins in `exact` and `held`.
  [[nodiscard]] std::size_t at(std::size_t part, std::size_t sequence, std::int32_t kv_head,
                               std::int32_t position) const {
    const auto row = static_cast<std::size_t>(
        (block_of(sequence, position) * kv.kv_heads + kv_head) * kv.block_tokens +
        position % kv.block_tokens);
    return (part * rows() + row) * static_cast<std::size_t>(kv.head_dim);
  }

  void fill(std::size_t s) {
    const auto dim = static_cast<std::size_t>(kv.head_dim);
    const auto count = static_cast<std::size_t>(contexts[s] * kv.kv_heads) * 2 * dim;
    const auto values = random_bf16(100 + s, count, 2.0);
    const Bf16* next = values.data();
    for (std::int32_t p = 0; p < contexts[s]; ++p) {
      for (std::int32_t h = 0; h < kv.kv_heads; ++h) {
        for (std::size_t part = 0; part < 2; ++part, next += dim) store(part, s, h, p, next);
      }
    }
  }

  void store(std::size_t part, std::size_t sequence, std::int32_t kv_head, std::int32_t position,
             const Bf16* values) {
    Bf16* plane = cache.data() + static_cast<std::int64_t>(part) * kv.plane_stride();
    const std::int32_t block = block_of(sequence, position);
    const std::int32_t slot = position % kv.block_tokens;
    Bf16* row = plane + kv.row(block, kv_head, slot);
    if (kv.type == KvType::kBf16) {
      std::copy_n(values, kv.head_dim, row);
    } else {
      float largest = 0.0F;
      for (std::int32_t d = 0; d < kv.head_dim; ++d) {
        largest = std::max(largest, std::abs(to_float(values[d])));
      }
      const float scale = e4m3_scale(largest);
      std::memcpy(plane + kv.scale(block, kv_head, slot), &scale, sizeof scale);
      for (std::int32_t d = 0; d < kv.head_dim; ++d) {
        reinterpret_cast<std::uint8_t*>(row)[d] = to_e4m3(to_float(values[d]) / scale);
      }
    }
    const auto first = static_cast<std::ptrdiff_t>(at(part, sequence, kv_head, position));
    std::ranges::copy(floats(values, kv.head_dim), exact.begin() + first);
    std::ranges::copy(cached_row(kv, plane, block, kv_head, slot), held.begin() + first);
  }
};

/// Compares one head's result with attention over what the cache holds, and, for the gate, with
/// attention over what was stored.
class AttentionErrors {
 public:
  AttentionErrors(const PagedCase& data, CaseResult& result) : data_(data), result_(result) {}

  void add(const Bf16* got, const Bf16* query, std::size_t sequence, std::int32_t kv_head,
           std::int32_t seen) {
    const auto held = data_.attend(data_.held, query, sequence, kv_head, seen);
    for (std::size_t d = 0; d < held.size(); ++d) note(result_.error, to_float(got[d]) - held[d]);
    if (data_.kv.type == KvType::kBf16) return;
    const auto exact = data_.attend(data_.exact, query, sequence, kv_head, seen);
    for (std::size_t d = 0; d < exact.size(); ++d) {
      const double difference = to_float(got[d]) - exact[d];
      differences_ += difference * difference;
      squares_ += exact[d] * exact[d];
    }
  }

  void finish() {
    if (data_.kv.type == KvType::kBf16) return;
    const double off = std::sqrt(differences_ / squares_);
    result_.name += ", e4m3, off by " + std::to_string(off);
    if (!(off <= kE4m3Gate)) result_.error = INFINITY;
  }

 private:
  const PagedCase& data_;
  CaseResult& result_;
  double differences_ = 0.0;
  double squares_ = 0.0;
};

inline float softmax_scale(std::int32_t dim) {
  return static_cast<float>(1.0 / std::sqrt(dim) / std::log(2.0));
}

/// Results of at most 2, the size of the values here, are rounded to bfloat16; the roundings of the
/// weights before that mostly cancel.
/// A weight that bears the scale of an e4m3 row is rounded even where it is the only one.
constexpr double attention_bound(KvType type) {
  return type == KvType::kE4m3 ? 3.0 * kBf16Bound : 2.0 * kBf16Bound;
}

template <int kDim, KvType kType = KvType::kBf16, class Device>
CaseResult decode_case(Device& device, const HeadShape& shape, std::vector<std::int32_t> contexts,
                       std::int32_t grid) {
  using Kernel = DecodeAttention<kDim, kType>;
  const PagedCase data(shape, contexts, kType);
  const auto sequences = static_cast<std::int32_t>(contexts.size());
  const std::int32_t row = (shape.heads + 2 * shape.kv_heads) * kDim;  // Queries lie within qkv.
  const auto query = random_bf16(10, static_cast<std::size_t>(sequences * row), 2.0);
  std::vector<std::int32_t> starts{0};
  for (const std::int32_t context : contexts)
    starts.push_back(starts.back() + chunk_count(context));
  const auto out_count = static_cast<std::size_t>(sequences * shape.heads * kDim);
  const auto pieces = static_cast<std::size_t>(starts.back() * shape.heads);
  Bf16* out_at = device.upload(poisoned(out_count));
  Bf16* cache_at = device.upload(data.cache);
  const DecodeAttentionArgs args{.query = device.upload(query),
                                 .query_stride = row,
                                 .keys = cache_at,
                                 .values = cache_at + data.kv.plane_stride(),
                                 .kv = data.kv,
                                 .contexts = device.upload(contexts),
                                 .table_starts = device.upload(data.table_starts),
                                 .blocks = device.upload(data.blocks),
                                 .chunk_starts = device.upload(starts),
                                 .sequences = sequences,
                                 .heads = shape.heads,
                                 .scale = softmax_scale(kDim),
                                 .out = out_at,
                                 .partials = device.upload(std::vector<float>(pieces * kDim, NAN)),
                                 .stats = device.upload(std::vector<float>(pieces * 2, NAN))};
  const std::int32_t group = shape.heads / shape.kv_heads;
  device.template launch<Kernel>({grid, shape.kv_heads * ceil_div(group, kTileHeads)},
                                 Kernel::shared_bytes(), args);
  device.template launch<MergePieces>({sequences, shape.heads}, 0, args);
  const auto out = device.download(out_at, out_count);
  CaseResult result{.name = "decode_attention " + shape.text(), .bound = attention_bound(kType)};
  for (const std::int32_t context : contexts) result.name += " " + std::to_string(context);
  AttentionErrors errors(data, result);
  for (std::int32_t s = 0; s < sequences; ++s) {
    for (std::int32_t h = 0; h < shape.heads; ++h) {
      const Bf16* got = out.data() + (s * shape.heads + h) * kDim;
      const auto index = static_cast<std::size_t>(s);
      if (contexts[index] > 0) {
        errors.add(got, query.data() + s * row + h * kDim, index, h / group, contexts[index]);
      } else {
        for (std::size_t d = 0; d < kDim; ++d) note(result.error, to_float(got[d]));
      }
    }
  }
  errors.finish();
  return result;
}

/// A chunk of `tokens` queries at the end of a context.
struct PrefillPart {
  std::int32_t tokens = 0;
  std::int32_t context = 0;
};

template <class Kernel, int kDim, KvType kType, class Device>
CaseResult prefill_kernel_case(Device& device, const std::string& name, const HeadShape& shape,
                               const std::vector<PrefillPart>& parts) {
  std::vector<std::int32_t> contexts;
  std::vector<std::int32_t> query_tokens;
  std::vector<std::int32_t> query_starts;
  std::vector<std::int32_t> tile_starts{0};
  const std::int32_t group = shape.heads / shape.kv_heads;
  std::int32_t tokens = 2;  // Two rows before: other sequences' tokens.
  for (const PrefillPart& part : parts) {
    contexts.push_back(part.context);
    query_tokens.push_back(part.tokens);
    query_starts.push_back(tokens);
    tokens += part.tokens;
    tile_starts.push_back(tile_starts.back() + prefill_tiles(part.tokens, group, Kernel::kRows));
  }
  const PagedCase data(shape, contexts, kType);
  const std::int32_t row = (shape.heads + 2 * shape.kv_heads) * kDim;
  const auto query = random_bf16(11, static_cast<std::size_t>(tokens * row), 2.0);
  const auto out_count = static_cast<std::size_t>(tokens * shape.heads * kDim);
  Bf16* out_at = device.upload(poisoned(out_count));
  Bf16* cache_at = device.upload(data.cache);
  device.template launch<Kernel>({tile_starts.back(), shape.kv_heads}, Kernel::shared_bytes(),
                                 {.query = device.upload(query),
                                  .query_stride = row,
                                  .keys = cache_at,
                                  .values = cache_at + data.kv.plane_stride(),
                                  .kv = data.kv,
                                  .query_starts = device.upload(query_starts),
                                  .query_tokens = device.upload(query_tokens),
                                  .contexts = device.upload(contexts),
                                  .table_starts = device.upload(data.table_starts),
                                  .blocks = device.upload(data.blocks),
                                  .tile_starts = device.upload(tile_starts),
                                  .sequences = static_cast<std::int32_t>(parts.size()),
                                  .heads = shape.heads,
                                  .scale = softmax_scale(kDim),
                                  .out = out_at});
  const auto out = device.download(out_at, out_count);
  CaseResult result{.name = name + " " + shape.text(), .bound = attention_bound(kType)};
  AttentionErrors errors(data, result);
  for (std::size_t s = 0; s < parts.size(); ++s) {
    result.name += " " + std::to_string(parts[s].tokens) + "@" + std::to_string(parts[s].context);
    for (std::int32_t t = 0; t < parts[s].tokens; ++t) {
      const std::int32_t token = query_starts[s] + t;
      const std::int32_t seen = parts[s].context - parts[s].tokens + t + 1;
      for (std::int32_t h = 0; h < shape.heads; ++h) {
        errors.add(out.data() + (token * shape.heads + h) * kDim,
                   query.data() + token * row + h * kDim, s, h / group, seen);
      }
    }
  }
  errors.finish();
  const auto untouched = static_cast<std::size_t>(2 * shape.heads * kDim);
  for (std::size_t i = 0; i < untouched; ++i) {
    if (out[i].bits != 0x7fff) result.error = INFINITY;
  }
  return result;
}

template <int kDim, int kRowTiles, KvType kType = KvType::kBf16, class Device>
CaseResult prefill_case(Device& device, const HeadShape& shape,
                        const std::vector<PrefillPart>& parts) {
  return prefill_kernel_case<PrefillAttention<kDim, kRowTiles, kType>, kDim, kType>(
      device, "prefill_attention<" + std::to_string(kRowTiles) + ">", shape, parts);
}

template <int kDim, int kGroups, class Device>
CaseResult wgmma_case(Device& device, const HeadShape& shape,
                      const std::vector<PrefillPart>& parts) {
  return prefill_kernel_case<WgmmaAttention<kDim, kGroups>, kDim, KvType::kBf16>(
      device, "wgmma_attention<" + std::to_string(kGroups) + ">", shape, parts);
}

}  // namespace ringmaster::engine::cuda
