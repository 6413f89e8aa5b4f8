#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/policy_config.h"
#include "scheduler/event_codec.h"
#include "scheduler/line_fields.h"

namespace ringmaster {
namespace {

constexpr std::string_view kMagic = "ringmaster-record";
constexpr char kFilterSeparator = ';';
constexpr std::int64_t kDurationMax = std::numeric_limits<std::int64_t>::max() / 2;

std::string filters_text(const std::vector<PolicyConfig>& filters) {
  std::string text;
  for (const PolicyConfig& filter : filters) {
    if (!text.empty()) text += kFilterSeparator;
    text += policy_text(filter);
  }
  return text;
}

/// The part written under `key`; none if it is absent or has a problem, which is then noted.
std::optional<PolicyConfig> read_part(LineReader& line, std::string_view key) {
  if (!line.has(key)) return std::nullopt;
  auto part = parse_policy_config(line.text(key), key);
  if (part) return std::move(*part);
  line.refuse(part.error().message);
  return std::nullopt;
}

std::vector<PolicyConfig> read_filters(LineReader& line) {
  std::vector<PolicyConfig> filters;
  if (!line.has("filters")) return filters;
  const std::string text = line.text("filters");
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(kFilterSeparator, begin), text.size());
    auto filter = parse_policy_config(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    if (filter) {
      filters.push_back(std::move(*filter));
    } else {
      line.refuse(filter.error().message);
    }
  }
  return filters;
}

}  // namespace

void append_header_line(std::string& lines, const SchedulerOptions& options) {
  LineWriter line(lines);
  line.word(kMagic);
  line.word(std::to_string(kRecordVersion));
  line.text("policy", policy_text(options.policy));
  if (!options.filters.empty()) line.text("filters", filters_text(options.filters));
  if (options.veto) line.text("veto", policy_text(*options.veto));
  if (options.admission) line.text("admission", policy_text(*options.admission));
  line.integer("ttft_slo_ns", options.ttft_slo.count());
  if (options.queue) {
    line.text("queue", kQueueDisciplineNames[static_cast<std::size_t>(*options.queue)]);
  }
  if (options.rebalancing) {
    line.text("rebalancing", kRebalancingNames[static_cast<std::size_t>(*options.rebalancing)]);
  }
  if (options.dispatch_window_requests) line.number("window", *options.dispatch_window_requests);
  line.number("ring_points", options.ring_points);
  line.number("queue_requests_max", options.queue_requests_max);
  line.integer("queue_wait_max_ns", options.queue_wait_max.count());
  line.number("attempts_max", options.attempts_max);
  line.real("retry_budget_share", options.retry_budget_share);
  line.number("index_blocks_max", options.index_blocks_max);
  line.number("decision_log_size", options.decision_log_size);
  line.number("seed", options.seed);
  lines += '\n';
}

Result<SchedulerOptions> parse_header_line(std::string_view text) {
  LineReader line(text);
  if (line.word() != kMagic) return invalid("expected a header line 'ringmaster-record ...'");
  if (const std::int64_t version = line.integer_word(); version != kRecordVersion) {
    return invalid("recording of version " + std::to_string(version) + ": expected version " +
                   std::to_string(kRecordVersion));
  }
  auto policy = parse_policy_config(line.text("policy"));
  if (!policy) return tl::unexpected(policy.error());
  SchedulerOptions options{.policy = std::move(*policy)};
  options.filters = read_filters(line);
  options.veto = read_part(line, "veto");
  options.admission = read_part(line, "admission");
  options.ttft_slo = Duration(line.integer("ttft_slo_ns", 0, kDurationMax));
  if (line.has("queue")) {
    options.queue = static_cast<QueueDiscipline>(line.choice("queue", kQueueDisciplineNames));
  }
  if (line.has("rebalancing")) {
    options.rebalancing = static_cast<Rebalancing>(line.choice("rebalancing", kRebalancingNames));
  }
  options.dispatch_window_requests = line.optional_whole<std::uint32_t>("window");
  options.ring_points = line.whole<std::uint32_t>("ring_points");
  options.queue_requests_max = line.whole<std::uint32_t>("queue_requests_max");
  options.queue_wait_max = Duration(line.integer("queue_wait_max_ns", 0, kDurationMax));
  options.attempts_max = line.whole<std::uint32_t>("attempts_max");
  options.retry_budget_share = line.real("retry_budget_share", 0.0, 1.0);
  options.index_blocks_max = line.whole<std::uint32_t>("index_blocks_max");
  options.decision_log_size = line.whole<std::uint32_t>("decision_log_size");
  options.seed = line.whole<std::uint64_t>("seed");
  if (const Status status = line.finish(); !status) return tl::unexpected(status.error());
  return options;
}

}  // namespace ringmaster
