#include "sim/trace_stats.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json_writer.h"
#include "sim/reuse_distance.h"
#include "sim/text_table.h"
#include "sim/workload.h"

namespace ringmaster::sim {
namespace {

constexpr double kHotShare = 0.01;  // Of the requests.

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto at = [&values](double q) {
    return values[static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size()))) - 1];
  };
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {.mean = sum / static_cast<double>(values.size()),
          .p50 = at(0.50),
          .p90 = at(0.90),
          .p99 = at(0.99),
          .max = values.back()};
}

/// Replays the prefixes through a cache that forgets nothing.
class ReuseMeter {
 public:
  explicit ReuseMeter(const Workload& workload)
      : workload_(workload), distance_(block_uses(workload)) {}

  void measure(TraceStats& stats);

 private:
  struct Block {
    std::size_t last_use = 0;  ///< Number of the use.
    Duration last_time{};
    std::size_t uses = 0;
    std::size_t uses_as_first = 0;
  };

  static std::size_t block_uses(const Workload& workload) {
    std::size_t uses = 0;
    for (const WorkloadRequest& request : workload.requests()) uses += request.block_count;
    return uses;
  }

  /// Blocks found in the cache.
  std::size_t replay(const WorkloadRequest& request);
  void count_hot(TraceStats& stats) const;

  const Workload& workload_;
  ReuseDistance distance_;
  std::unordered_map<BlockHash, Block, BlockHashHasher> blocks_;
  std::size_t uses_ = 0;
  std::vector<double> distances_;
  std::vector<double> seconds_;
};

std::size_t ReuseMeter::replay(const WorkloadRequest& request) {
  std::size_t cached = 0;
  bool is_first = true;
  for (const BlockHash& hash : workload_.chain_of(request)) {
    const auto [found, is_new] = blocks_.try_emplace(hash);
    Block& block = found->second;
    const auto distance =
        distance_.use(is_new ? std::nullopt : std::optional<std::size_t>(block.last_use));
    if (distance) {
      ++cached;
      distances_.push_back(static_cast<double>(*distance));
      seconds_.push_back(to_seconds(request.timestamp - block.last_time));
    }
    block.last_use = uses_++;
    block.last_time = request.timestamp;
    ++block.uses;
    if (is_first) ++block.uses_as_first;
    is_first = false;
  }
  return cached;
}

void ReuseMeter::count_hot(TraceStats& stats) const {
  const auto requests = static_cast<double>(stats.requests);
  std::size_t commonest = 0;
  std::size_t hot_uses = 0;
  for (const auto& [hash, block] : blocks_) {
    commonest = std::max(commonest, block.uses_as_first);
    if (static_cast<double>(block.uses) < kHotShare * requests) continue;
    ++stats.hot_blocks;
    hot_uses += block.uses;
  }
  stats.top_first_block_share = static_cast<double>(commonest) / requests;
  stats.hot_token_share = static_cast<double>(hot_uses * workload_.block_tokens()) /
                          (stats.input_tokens.mean * requests);
}

void ReuseMeter::measure(TraceStats& stats) {
  std::size_t cached_blocks = 0;
  std::size_t reusing = 0;
  std::size_t half_reusing = 0;
  for (const WorkloadRequest& request : workload_.requests()) {
    const std::size_t cached = replay(request);
    cached_blocks += cached;
    if (cached > 0) ++reusing;
    if (2 * cached * workload_.block_tokens() >= request.prompt_tokens) ++half_reusing;
  }
  const auto requests = static_cast<double>(stats.requests);
  stats.distinct_blocks = blocks_.size();
  stats.cacheable_token_share = static_cast<double>(cached_blocks * workload_.block_tokens()) /
                                (stats.input_tokens.mean * requests);
  stats.reusing_request_share = static_cast<double>(reusing) / requests;
  stats.half_reusing_request_share = static_cast<double>(half_reusing) / requests;
  stats.reuse_distance_blocks = spread_of(std::move(distances_));
  stats.reuse_seconds = spread_of(std::move(seconds_));
  count_hot(stats);
}

/// Of the gaps between records.
double gap_cv(const Trace& trace, double mean_gap_s) {
  double squares = 0.0;
  for (std::size_t i = 1; i < trace.records.size(); ++i) {
    const Duration gap = trace.records[i].timestamp - trace.records[i - 1].timestamp;
    const double off = to_seconds(gap) / mean_gap_s - 1.0;
    squares += off * off;
  }
  return std::sqrt(squares / static_cast<double>(trace.records.size() - 1));
}

void measure_requests(const Trace& trace, TraceStats& stats) {
  std::vector<double> inputs;
  std::vector<double> outputs;
  std::unordered_set<std::uint64_t> sessions;
  std::unordered_set<std::uint64_t> tenants;
  std::unordered_set<std::uint64_t> adapters;
  for (const TraceRecord& record : trace.records) {
    inputs.push_back(record.input_tokens);
    outputs.push_back(record.output_tokens);
    if (record.labels.session != 0) sessions.insert(record.labels.session);
    if (record.labels.tenant != 0) tenants.insert(record.labels.tenant);
    if (record.labels.adapter != 0) adapters.insert(record.labels.adapter);
  }
  stats.input_tokens = spread_of(std::move(inputs));
  stats.output_tokens = spread_of(std::move(outputs));
  stats.sessions = sessions.size();
  stats.tenants = tenants.size();
  stats.adapters = adapters.size();
}

void add_spread(JsonWriter& json, const std::string& name, const Spread& spread) {
  json.member(name + "_mean", spread.mean);
  json.member(name + "_p50", spread.p50);
  json.member(name + "_p90", spread.p90);
  json.member(name + "_p99", spread.p99);
  json.member(name + "_max", spread.max);
}

std::string to_json(const TraceStats& stats) {
  JsonWriter json;
  json.begin_object();
  json.member("trace", stats.trace);
  json.member("requests", stats.requests);
  json.member("span_s", to_seconds(stats.span));
  json.member("mean_qps", stats.mean_qps);
  json.member("gap_cv", stats.gap_cv);
  add_spread(json, "input_tokens", stats.input_tokens);
  add_spread(json, "output_tokens", stats.output_tokens);
  json.member("sessions", stats.sessions);
  json.member("tenants", stats.tenants);
  json.member("adapters", stats.adapters);
  json.member("distinct_blocks", stats.distinct_blocks);
  json.member("cacheable_token_share", stats.cacheable_token_share);
  json.member("reusing_request_share", stats.reusing_request_share);
  json.member("half_reusing_request_share", stats.half_reusing_request_share);
  add_spread(json, "reuse_distance_blocks", stats.reuse_distance_blocks);
  add_spread(json, "reuse_seconds", stats.reuse_seconds);
  json.member("top_first_block_share", stats.top_first_block_share);
  json.member("hot_blocks", stats.hot_blocks);
  json.member("hot_token_share", stats.hot_token_share);
  return json.end_object().take();
}

std::string in_words(const Spread& spread) {
  std::string text = fixed_decimals(spread.mean, 0);
  for (const double value : {spread.p50, spread.p90, spread.p99, spread.max}) {
    text += " " + fixed_decimals(value, 0);
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
    stats.gap_cv = gap_cv(trace, 1.0 / stats.mean_qps);
  }
  measure_requests(trace, stats);
  const auto workload = Workload::make(trace, {});
  RINGMASTER_CHECK(workload.has_value());
  ReuseMeter(*workload).measure(stats);
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
                                                {"cv of gaps"},
                                                {"input tokens: mean p50 p90 p99 max"},
                                                {"output tokens: mean p50 p90 p99 max"},
                                                {"sessions, tenants, adapters named"},
                                                {"distinct blocks of 512 tokens"},
                                                {"cached tokens, infinite cache"},
                                                {"requests that reuse a prefix"},
                                                {"requests that reuse at least half"},
                                                {"blocks to a reuse: mean p50 p90 p99 max"},
                                                {"seconds to a reuse: mean p50 p90 p99 max"},
                                                {"requests with the commonest first block"},
                                                {"blocks in 1 % of the requests"},
                                                {"tokens in those"}};
  for (const TraceStats& each : stats) {
    const std::vector<std::string> column = {each.trace,
                                             std::to_string(each.requests),
                                             fixed_decimals(to_seconds(each.span), 1),
                                             fixed_decimals(each.mean_qps, 3),
                                             fixed_decimals(each.gap_cv, 2),
                                             in_words(each.input_tokens),
                                             in_words(each.output_tokens),
                                             std::to_string(each.sessions) + " " +
                                                 std::to_string(each.tenants) + " " +
                                                 std::to_string(each.adapters),
                                             std::to_string(each.distinct_blocks),
                                             fixed_decimals(each.cacheable_token_share, 4),
                                             fixed_decimals(each.reusing_request_share, 4),
                                             fixed_decimals(each.half_reusing_request_share, 4),
                                             in_words(each.reuse_distance_blocks),
                                             in_words(each.reuse_seconds),
                                             fixed_decimals(each.top_first_block_share, 4),
                                             std::to_string(each.hot_blocks),
                                             fixed_decimals(each.hot_token_share, 4)};
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].push_back(column[i]);
  }
  return align_columns(rows, 1);
}

}  // namespace ringmaster::sim
