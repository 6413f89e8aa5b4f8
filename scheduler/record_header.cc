#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "policies/policy_config.h"
#include "scheduler/event_codec.h"
#include "scheduler/line_fields.h"

namespace ringmaster {
namespace {

constexpr std::string_view kMagic = "ringmaster-record";
constexpr std::array<std::string_view, 3> kRebalancingNames{"off", "paper", "code"};
constexpr std::int64_t kDurationMax = std::numeric_limits<std::int64_t>::max() / 2;

std::string policy_text(const PolicyConfig& policy) {
  std::string text = policy.name;
  char separator = ':';
  for (const auto& [key, value] : policy.options) {
    text += separator + key + "=" + value;
    separator = ',';
  }
  return text;
}

}  // namespace

void append_header_line(std::string& lines, const SchedulerOptions& options) {
  LineWriter line(lines);
  line.word(kMagic);
  line.word(std::to_string(kRecordVersion));
  line.text("policy", policy_text(options.policy));
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
