#include "engine/cuda/kv_probe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/philox.h"

namespace ringmaster::engine {
namespace {

constexpr std::int32_t kBest = 20;
constexpr std::int32_t kChunkGrowth = 4;
constexpr std::int32_t kDecodesAfterChunk = 3;

/// The sequence's tokens from `done` on, up to `end`; the next one is asked for.
StepInput step_of(const std::vector<TokenId>& text, std::int32_t done, std::int32_t end,
                  std::int32_t block_tokens) {
  StepInput step;
  for (std::int32_t p = done; p < end; ++p) {
    step.tokens.push_back(text[static_cast<std::size_t>(p)]);
    step.positions.push_back(p);
  }
  const std::int32_t blocks = (end + block_tokens - 1) / block_tokens;
  for (BlockId block = 0; block < blocks; ++block) step.block_tables.push_back(block);
  step.sequences.push_back({.slot = 0,
                            .query_start = 0,
                            .query_tokens = end - done,
                            .context_tokens = end,
                            .block_table_start = 0,
                            .block_count = blocks,
                            .sample_row = 0});
  step.decode_sequences = end - done == 1 ? 1 : 0;
  step.sampling.push_back({.options = {.temperature = 0.0F, .logprobs = kBest}});
  return step;
}

}  // namespace

Result<std::vector<ProbedPlace>> probe_next_tokens(Executor& device, std::int32_t chunk_tokens) {
  const std::int64_t room = std::int64_t{device.block_count()} * device.block_tokens();
  const auto length = static_cast<std::int32_t>(std::min<std::int64_t>(
      {kProbeTokens, room, std::int64_t{device.model().context_tokens_max}}));
  std::vector<TokenId> text;
  for (std::int32_t p = 0; p < length; ++p) {
    const double unit = philox_unit(1, static_cast<std::uint64_t>(p));
    text.push_back(static_cast<TokenId>(unit * device.model().vocabulary_size));
  }
  std::vector<ProbedPlace> places;
  std::int32_t chunk = kChunkGrowth;
  std::int32_t decodes = 0;  // Still to come before the next chunk.
  for (std::int32_t done = 0; done < length;) {
    const std::int32_t tokens = decodes > 0 ? 1 : std::min({chunk, chunk_tokens, length - done});
    const StepInput step = step_of(text, done, done + tokens, device.block_tokens());
    device.submit(step);
    StepOutput output;
    if (const Status waited = device.wait(output); !waited) return tl::unexpected(waited.error());
    done += tokens;
    places.push_back({done - 1, std::move(output.sampled.front().best)});
    if (decodes == 0) chunk += kChunkGrowth;
    decodes = decodes > 0 ? decodes - 1 : kDecodesAfterChunk;
  }
  return places;
}

double mean_difference(const std::vector<ProbedPlace>& a, const std::vector<ProbedPlace>& b) {
  double sum = 0.0;
  int count = 0;
  for (const ProbedPlace& place : a) {
    const auto same = std::ranges::find(b, place.position, &ProbedPlace::position);
    if (same == b.end()) continue;
    for (const TokenLogprob& one : place.best) {
      const auto other = std::ranges::find(same->best, one.token, &TokenLogprob::token);
      if (other == same->best.end()) continue;
      sum += std::abs(static_cast<double>(one.logprob) - other->logprob);
      ++count;
    }
  }
  const double mean = count == 0 ? NAN : sum / count;
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::infinity();
}

}  // namespace ringmaster::engine
