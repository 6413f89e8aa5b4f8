#include <cmath>
#include <cstdio>
#include <utility>

#include "engine/cuda/kernels/sample.cuh"
#include "engine/cuda/module/launch.h"
#include "tests/gpu/copy_cases.h"
#include "tests/gpu/e4m3_cases.h"
#include "tests/gpu/gemv_cases.h"
#include "tests/gpu/gpu_device.h"
#include "tests/gpu/gpu_parts.h"
#include "tests/gpu/kernel_cases.h"

namespace ringmaster::engine::cuda {
namespace {

class Report {
 public:
  void add(GpuDevice& device, const CaseResult& result) {
    std::printf("%-4s %-70s error %.2e, bound %.2e\n", result.passed() ? "ok" : "FAIL",
                result.name.c_str(), result.error, result.bound);
    if (!result.passed()) ++failed_;
    device.clear();
  }
  [[nodiscard]] int exit_code() const { return failed_ == 0 ? 0 : 1; }

 private:
  int failed_ = 0;
};

template <int kDim>
void check_attention(GpuDevice& device, Report& report) {
  const HeadShape grouped{.heads = 28, .kv_heads = 4, .dim = kDim, .block_tokens = 16};
  const HeadShape odd{.heads = 21, .kv_heads = 1, .dim = kDim, .block_tokens = 5};
  const std::vector<std::int32_t> contexts{1, 0, 15, 16, 17, 255, 256, 257, 1500, 9000};
  report.add(device, decode_case<kDim>(device, grouped, contexts, 66));
  report.add(device, decode_case<kDim>(device, odd, contexts, 7));
  const std::vector<PrefillPart> parts{{2, 2}, {33, 40}, {5, 130}, {64, 64}, {200, 911}};
  report.add(device, prefill_case<kDim, 1>(device, grouped, parts));
  report.add(device, prefill_case<kDim, 2>(device, grouped, parts));
  report.add(device, prefill_case<kDim, 1>(device, odd, parts));
  report.add(device, prefill_case<kDim, 2>(device, odd, parts));
  report.add(device, rope_case(device, grouped, true));
  report.add(device, rope_case(device, odd, false));
}

/// Needs code for 90a: elsewhere these kernels only end the program.
template <int kDim>
void check_wgmma_attention(GpuDevice& device, Report& report) {
  const std::vector<PrefillPart> parts{{2, 2}, {33, 40}, {5, 130}, {64, 64}, {200, 911}};
  for (const HeadShape& shape : {HeadShape{28, 4, kDim, 16}, HeadShape{21, 1, kDim, 5}}) {
    report.add(device, wgmma_case<kDim, 1>(device, shape, parts));
    report.add(device, wgmma_case<kDim, 2>(device, shape, parts));
  }
}

template <int kDim>
void check_e4m3_attention(GpuDevice& device, Report& report) {
  const HeadShape grouped{.heads = 28, .kv_heads = 4, .dim = kDim, .block_tokens = 16};
  const HeadShape odd{.heads = 21, .kv_heads = 1, .dim = kDim, .block_tokens = 5};
  const std::vector<std::int32_t> contexts{1, 0, 15, 16, 17, 255, 256, 257, 1500, 9000};
  const std::vector<PrefillPart> parts{{2, 2}, {33, 40}, {5, 130}, {64, 64}, {200, 911}};
  for (const HeadShape& shape : {grouped, odd}) {
    report.add(device, decode_case<kDim, KvType::kE4m3>(device, shape, contexts, 66));
    report.add(device, prefill_case<kDim, 1, KvType::kE4m3>(device, shape, parts));
    report.add(device, prefill_case<kDim, 2, KvType::kE4m3>(device, shape, parts));
    report.add(device, rope_case(device, shape, true, KvType::kE4m3));
  }
}

/// Draws by a row of logits against the plain inverse of the filtered distribution.
CaseResult sample_case(GpuDevice& device, std::int32_t vocabulary, PackedRow row) {
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal(0.0, 2.0);
  std::vector<float> logits(static_cast<std::size_t>(vocabulary));
  for (float& logit : logits) logit = static_cast<float>(normal(random));
  std::vector<std::int32_t> ranking(logits.size());
  std::iota(ranking.begin(), ranking.end(), 0);
  const auto logit = [&](std::int32_t token) { return logits[static_cast<std::size_t>(token)]; };
  std::stable_sort(ranking.begin(), ranking.end(),
                   [&](std::int32_t a, std::int32_t b) { return logit(a) > logit(b); });
  const auto weight = [&](std::int32_t token) {
    return std::exp((static_cast<double>(logit(token)) - logit(ranking[0])) / row.temperature);
  };
  auto kept = ranking;
  if (row.top_k > 0) kept.resize(std::min(kept.size(), static_cast<std::size_t>(row.top_k)));
  double total = 0.0;
  for (const std::int32_t token : kept) total += weight(token);
  double reached = 0.0;
  std::size_t count = 0;
  while (count < kept.size() && (count == 0 || reached < row.top_p * total)) {
    reached += weight(kept[count++]);
  }
  kept.resize(count);
  std::erase_if(kept, [&](std::int32_t token) { return weight(token) < row.min_p; });
  std::sort(kept.begin(), kept.end());
  total = 0.0;
  for (const std::int32_t token : kept) total += weight(token);

  CaseResult result{.name = "sample " + std::to_string(vocabulary) + ", top_k " +
                            std::to_string(row.top_k) + ", top_p " + std::to_string(row.top_p),
                    .bound = 0.0};
  constexpr std::int32_t kDraws = 64;
  std::vector<PackedRow> rows(kDraws, row);
  std::vector<float> all;
  for (std::int32_t i = 0; i < kDraws; ++i) {
    rows[static_cast<std::size_t>(i)].output_index = i;
    rows[static_cast<std::size_t>(i)].slot = i;
    all.insert(all.end(), logits.begin(), logits.end());
  }
  SampleOutput* out_at = device.upload(std::vector<SampleOutput>(kDraws));
  device.launch<Sample>({kDraws}, Sample::shared_bytes(),
                        {.logits = device.upload(all),
                         .rows = device.upload(rows),
                         .out = out_at,
                         .last_samples = device.upload(std::vector<std::int32_t>(kDraws, -1)),
                         .vocabulary = vocabulary});
  const auto out = device.download(out_at, kDraws);
  for (std::int32_t i = 0; i < kDraws; ++i) {
    const double target = philox_unit(row.seed, static_cast<std::uint64_t>(i)) * total;
    double sum = 0.0;
    std::size_t at = 0;
    while (at + 1 < kept.size() && sum + weight(kept[at]) <= target) sum += weight(kept[at++]);
    note(result.error, out[static_cast<std::size_t>(i)].token == kept[at] ? 0.0 : 1.0);
  }
  return result;
}

}  // namespace

int check_kernels() {
  GpuDevice device;
  Report report;
  for (const std::int32_t width : {8, 64, 200, 3584, 8192}) {
    report.add(device, norm_case(device, 5, width, false));
    report.add(device, norm_case(device, 130, width, true));
  }
  for (const std::int32_t width : {8, 1096, 18'944}) {
    report.add(device, swiglu_case(device, 33, width));
    report.add(device, embed_case(device, width));
  }
  for (std::int32_t rows = 1; rows <= kFewRowsMax; ++rows) {
    report.add(device, gemv_case(device, rows, 3584, 4608, false, true));
    report.add(device, gemv_case(device, rows, 18'944, 1001, false, false));
    report.add(device, gemv_case(device, rows, 3584, 5003, true, false));
    report.add(device, gemv_case(device, rows, 8, 1, false, true));
  }
  report.add(device, gemv_alone_case(device, 3584, 777));
  report.add(device, copy_case(device, 2, 16, 3));
  report.add(device, copy_case(device, 3, 5, 400));
  report.add(device, copy_case(device, 3, 5, 400, KvType::kE4m3));
  report.add(device, e4m3_extremes_case(device));
  check_attention<16>(device, report);
  check_attention<32>(device, report);
  check_attention<64>(device, report);
  check_attention<128>(device, report);
  if (kernel_code().has_wgmma) {
    check_wgmma_attention<64>(device, report);
    check_wgmma_attention<128>(device, report);
  } else {
    std::printf("skipped: wgmma attention wants compute capability 9.0 and a build for 90a\n");
  }
  check_e4m3_attention<16>(device, report);
  check_e4m3_attention<32>(device, report);
  check_e4m3_attention<64>(device, report);
  check_e4m3_attention<128>(device, report);
  for (const std::int32_t vocabulary : {1, 37, 5000, 152'064}) {
    report.add(device, sample_case(device, vocabulary, {.seed = 5, .temperature = 1.0F}));
    report.add(device, sample_case(device, vocabulary,
                                   {.seed = 6, .top_k = 50, .temperature = 0.8F, .top_p = 0.9F}));
    report.add(device,
               sample_case(device, vocabulary,
                           {.seed = 7, .temperature = 1.3F, .top_p = 0.7F, .min_p = 0.05F}));
  }
  return report.exit_code();
}

}  // namespace ringmaster::engine::cuda
