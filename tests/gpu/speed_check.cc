#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/cuda/module/launch.h"
#include "tests/gpu/bench_model.h"
#include "tests/gpu/card_ceilings.h"
#include "tests/gpu/figure.h"
#include "tests/gpu/gpu_parts.h"
#include "tests/gpu/step_grid.h"

namespace ringmaster::engine::cuda {
namespace {

// Of the Qwen2.5-7B shape: matrices of all layers in FLOPs per token, the head's, attention's per
// pair of tokens, bytes of the weights that a step streams, bytes of a token's KV.
constexpr double kLayerFlops = 13.05e9;
constexpr double kHeadFlops = 2.0 * 152'064 * 3584;
constexpr double kPairFlops = 401'408;
constexpr double kWeightBytes = 14.14e9;
constexpr double kKvBytes = 57'344;
constexpr double kE4m3KvBytes = 2.0 * 28 * 4 * (128 + 4);  // With a scale for each row.

BenchOptions large_options(const char* tuning_file) {
  return {.step_tokens_max = 8192,
          .sequences_max = kGridSequencesMax,
          .memory_utilization = 0.97,
          .tuning_file = tuning_file};
}

/// Least time of a decode step: the slower of bytes and arithmetic, for products and for attention.
double decode_floor(const CardCeilings& card, double batch, double context, double kv_bytes) {
  const double products =
      std::max(kWeightBytes / card.read_bytes_per_second,
               batch * (kLayerFlops + kHeadFlops) / card.product_flops_per_second);
  const double attention = std::max(batch * context * kv_bytes / card.read_bytes_per_second,
                                    batch * context * kPairFlops / card.product_flops_per_second);
  return products + attention;
}

double prefill_flops(double tokens, double before) {
  return kLayerFlops * tokens + kPairFlops * (tokens * before + tokens * tokens / 2) + kHeadFlops;
}

std::vector<BenchPart> batch_of(std::int32_t size, std::int32_t context) {
  return std::vector<BenchPart>(static_cast<std::size_t>(size),
                                {.query_tokens = 1, .context_tokens = context});
}

/// Time of a prompt in chunks of at most 8,192 tokens behind `cached` ones.
double prefill_time(BenchModel& model, std::int32_t tokens, std::int32_t cached) {
  double seconds = 0.0;
  for (std::int32_t done = cached; done < tokens;) {
    const std::int32_t chunk = std::min(8192, tokens - done);
    done += chunk;
    seconds += model.time({{.query_tokens = chunk, .context_tokens = done}}, 3);
  }
  return seconds;
}

struct Decode {
  std::int32_t batch, context;
  double bar;
};

void measure_decode(const CardCeilings& card, BenchModel& model, const Decode& decode,
                    double kv_bytes, const char* variant) {
  const double seconds = model.time(batch_of(decode.batch, decode.context), 15);
  char name[64];
  std::snprintf(name, sizeof name, "decode, batch %d, context %d%s", decode.batch, decode.context,
                variant);
  char unit[64];
  std::snprintf(unit, sizeof unit, "of the floor; %.2f ms", seconds * 1e3);
  print_figure(name, decode_floor(card, decode.batch, decode.context, kv_bytes) / seconds,
               decode.bar, unit);
}

void measure_prompt(const CardCeilings& card, BenchModel& model, std::int32_t tokens,
                    double mfu_bar, double hit_bar) {
  const double cold = prefill_time(model, tokens, 0);
  const std::int32_t cached = tokens * 9 / 10 / 16 * 16;
  const double hit = prefill_time(model, tokens, cached);
  char name[64];
  std::snprintf(name, sizeof name, "prefill of %d tokens", tokens);
  char unit[64];
  std::snprintf(unit, sizeof unit, "MFU; %.1f ms", cold * 1e3);
  print_figure(name, prefill_flops(tokens, 0) / cold / card.product_flops_per_second, mfu_bar,
               unit);
  std::snprintf(name, sizeof name, "%d tokens, 90 %% cached", tokens);
  std::snprintf(unit, sizeof unit, "times sooner; %.1f ms", hit * 1e3);
  print_figure(name, cold / hit, hit_bar, unit);
}

void measure_plain(const CardCeilings& card, const BenchOptions& options) {
  BenchModel model(qwen_7b_shape(33'000), options);
  std::printf("card: %s, reads %.2f TB/s, products %.0f TFLOP/s, KV pool %lld tokens\n",
              model.info().name, card.read_bytes_per_second * 1e-12,
              card.product_flops_per_second * 1e-12, static_cast<long long>(model.kv_tokens()));
  const Decode decodes[] = {{1, 1024, 0.75}, {8, 1024, 0.72}, {64, 1024, 0.68}, {256, 1024, 0.60},
                            {1, 8192, 0.75}, {8, 8192, 0.72}, {64, 8192, 0.75}, {256, 8192, 0.75}};
  for (const Decode& decode : decodes) measure_decode(card, model, decode, kKvBytes, "");
  measure_prompt(card, model, 2048, 0.70, 5.0);
  measure_prompt(card, model, 8192, 0.70, 6.5);
  measure_prompt(card, model, 32'768, 0.60, 5.5);
}

/// Decode steps in which launches overlap, or with a KV cache of e4m3, which have no bar of their
/// own; prompts by the other kernel for prefill.
void measure_variants(const CardCeilings& card, const BenchOptions& plain) {
  if (kernel_code().can_overlap_launches) {
    BenchOptions options = plain;
    options.overlaps_launches = true;
    BenchModel model(qwen_7b_shape(33'000), options);
    for (const Decode& decode : {Decode{1, 1024, 0.75}, Decode{64, 1024, 0.68}}) {
      measure_decode(card, model, decode, kKvBytes, ", overlapped");
    }
  }
  if (kernel_code().has_wgmma) {
    BenchOptions options = plain;
    options.prefill_kernel = PrefillKernel::kWgmma;
    BenchModel model(qwen_7b_shape(33'000), options);
    std::printf("prompts by the prefill kernel wgmma:\n");
    measure_prompt(card, model, 8192, 0.70, 6.5);
    measure_prompt(card, model, 32'768, 0.60, 5.5);
  }
  BenchOptions options = plain;
  options.kv_type = KvType::kE4m3;
  BenchModel model(qwen_7b_shape(33'000), options);
  for (const Decode& decode : {Decode{64, 8192, 0.75}, Decode{256, 8192, 0.75}}) {
    measure_decode(card, model, decode, kE4m3KvBytes, ", e4m3");
  }
}

}  // namespace

int measure_speed() {
  const CardCeilings card = measure_ceilings();
  const BenchOptions options = large_options(fresh_tuning_file());
  measure_plain(card, options);
  measure_variants(card, options);
  return 0;  // A missed bar is a figure, not a fault.
}

int measure_steps() {
  BenchModel model(qwen_7b_shape(33'000), large_options(nullptr));
  std::printf("# device %s\n# device_kv_tokens %lld\n# context_tokens_max 32768\n",
              model.info().name, static_cast<long long>(model.kv_tokens()));
  std::printf("prefill_tokens,decode_sequences,kv_tokens,pairs,seconds\n");
  for (const GridStep& step : step_grid(model.kv_tokens())) {
    auto parts = batch_of(step.decode_sequences, step.decode_context);
    if (step.chunk_tokens > 0) {
      parts.push_back({.query_tokens = step.chunk_tokens,
                       .context_tokens = step.chunk_before + step.chunk_tokens});
    }
    const double seconds = model.time(parts, 5);
    std::printf("%d,%d,%lld,%.0f,%.9f\n", step.chunk_tokens, step.decode_sequences,
                std::int64_t{step.decode_sequences} * step.decode_context + 0LL,
                step.attention_pairs(), seconds);
  }
  return 0;
}

}  // namespace ringmaster::engine::cuda
