#include "sim/trace_stats.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json_writer.h"
#include "sim/text_table.h"
#include "sim/workload.h"

namespace ringmaster::sim {
namespace {

TokenSpread spread_of(std::vector<std::uint32_t> values) {
  std::ranges::sort(values);
  const auto at = [&values](double q) {
    return values[static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size()))) - 1];
  };
  const auto sum = std::accumulate(values.begin(), values.end(), std::uint64_t{0});
  return {.mean = static_cast<double>(sum) / static_cast<double>(values.size()),
          .p50 = at(0.50),
          .p90 = at(0.90),
          .p99 = at(0.99),
          .max = values.back()};
}

/// Replays the prefixes through a cache that forgets nothing.
void measure_reuse(const Workload& workload, std::uint64_t prompt_tokens, TraceStats& stats) {
  std::unordered_set<BlockHash, BlockHashHasher> seen;
  std::unordered_map<BlockHash, std::size_t, BlockHashHasher> first_blocks;
  std::size_t reusing = 0;
  std::size_t commonest = 0;
  std::uint64_t cached_tokens = 0;
  for (const WorkloadRequest& request : workload.requests()) {
    const auto chain = workload.chain_of(request);
    if (chain.empty()) continue;
    commonest = std::max(commonest, ++first_blocks[chain.front()]);
    if (seen.contains(chain.front())) ++reusing;
    for (const BlockHash& hash : chain) {
      if (!seen.insert(hash).second) cached_tokens += workload.block_tokens();
    }
  }
  const auto requests = static_cast<double>(stats.requests);
  stats.distinct_blocks = seen.size();
  stats.cacheable_token_share =
      static_cast<double>(cached_tokens) / static_cast<double>(prompt_tokens);
  stats.reusing_request_share = static_cast<double>(reusing) / requests;
  stats.top_first_block_share = static_cast<double>(commonest) / requests;
}

void add_spread(JsonWriter& json, const std::string& name, const TokenSpread& spread) {
  json.member(name + "_mean", spread.mean);
  json.member(name + "_p50", std::uint64_t{spread.p50});
  json.member(name + "_p90", std::uint64_t{spread.p90});
  json.member(name + "_p99", std::uint64_t{spread.p99});
  json.member(name + "_max", std::uint64_t{spread.max});
}

std::string to_json(const TraceStats& stats) {
  JsonWriter json;
  json.begin_object();
  json.member("trace", stats.trace);
  json.member("requests", std::uint64_t{stats.requests});
  json.member("span_s", to_seconds(stats.span));
  json.member("mean_qps", stats.mean_qps);
  add_spread(json, "input_tokens", stats.input_tokens);
  add_spread(json, "output_tokens", stats.output_tokens);
  json.member("distinct_blocks", std::uint64_t{stats.distinct_blocks});
  json.member("cacheable_token_share", stats.cacheable_token_share);
  json.member("reusing_request_share", stats.reusing_request_share);
  json.member("top_first_block_share", stats.top_first_block_share);
  return json.end_object().take();
}

std::string in_words(const TokenSpread& spread) {
  std::string text = fixed_decimals(spread.mean, 0);
  for (const std::uint32_t value : {spread.p50, spread.p90, spread.p99, spread.max}) {
    text += " " + std::to_string(value);
  }
  return text;
}

}  // namespace

TraceStats trace_stats(const Trace& trace, std::string name) {
  RINGMASTER_CHECK(!trace.records.empty());
  TraceStats stats{.trace = std::move(name), .requests = trace.records.size()};
  stats.span = trace.records.back().timestamp - trace.records.front().timestamp;
  if (stats.span.count() > 0) {
    stats.mean_qps = static_cast<double>(stats.requests - 1) / to_seconds(stats.span);
  }
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> outputs;
  for (const TraceRecord& record : trace.records) {
    inputs.push_back(record.input_tokens);
    outputs.push_back(record.output_tokens);
  }
  const auto prompt_tokens = std::accumulate(inputs.begin(), inputs.end(), std::uint64_t{0});
  stats.input_tokens = spread_of(std::move(inputs));
  stats.output_tokens = spread_of(std::move(outputs));
  const auto workload = Workload::make(trace, {});
  RINGMASTER_CHECK(workload.has_value());
  measure_reuse(*workload, prompt_tokens, stats);
  return stats;
}

std::string to_json(std::span<const TraceStats> stats) {
  std::string text = "[";
  std::string_view separator = "\n";
  for (const TraceStats& each : stats) {
    text.append(separator).append(to_json(each));
    separator = ",\n";
  }
  return text + "\n]\n";
}

std::string to_table(std::span<const TraceStats> stats) {
  std::vector<std::vector<std::string>> rows = {{"trace"},
                                                {"requests"},
                                                {"span, s"},
                                                {"mean requests/s"},
                                                {"input tokens: mean p50 p90 p99 max"},
                                                {"output tokens: mean p50 p90 p99 max"},
                                                {"distinct blocks of 512 tokens"},
                                                {"cached tokens, infinite cache"},
                                                {"requests that reuse a prefix"},
                                                {"requests with the commonest first block"}};
  for (const TraceStats& each : stats) {
    const std::vector<std::string> column = {each.trace,
                                             std::to_string(each.requests),
                                             fixed_decimals(to_seconds(each.span), 1),
                                             fixed_decimals(each.mean_qps, 3),
                                             in_words(each.input_tokens),
                                             in_words(each.output_tokens),
                                             std::to_string(each.distinct_blocks),
                                             fixed_decimals(each.cacheable_token_share, 4),
                                             fixed_decimals(each.reusing_request_share, 4),
                                             fixed_decimals(each.top_first_block_share, 4)};
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].push_back(column[i]);
  }
  return align_columns(rows, 1);
}

}  // namespace ringmaster::sim
