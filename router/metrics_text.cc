#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "router/metric_names.h"
#include "router/metrics.h"

namespace ringmaster {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// The families in the making. Values are sums over the threads, taken now.
class Exposition {
 public:
  MetricFamily& family(const char* name, const char* help, MetricType type) {
    families_.push_back({.name = name, .help = help, .type = type, .metric = {}});
    return families_.back();
  }

  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  std::vector<MetricFamily> families_;
};

void add_value(MetricFamily& family, double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

std::uint64_t sum_of(const Metrics& metrics, OwnedCount MetricShard::*count) {
  std::uint64_t sum = 0;
  for (const auto& shard : metrics.shards()) sum += (shard.*count).get();
  return sum;
}

void add_histogram(Exposition& out, const Metrics& metrics, const char* name, const char* help,
                   OwnedSeconds MetricShard::*seconds) {
  std::array<std::uint64_t, OwnedSeconds::kBucketCount> counts{};
  double sum = 0.0;
  for (const auto& shard : metrics.shards()) (shard.*seconds).add_to(counts, sum);
  ClientMetric metric;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    cumulative += counts[i];
    const double bound =
        i < kSecondsBounds.size() ? kSecondsBounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({.cumulative_count = cumulative, .upper_bound = bound});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = sum;
  out.family(name, help, MetricType::Histogram).metric.push_back(std::move(metric));
}

void add_requests(Exposition& out, const Metrics& metrics) {
  auto& by_status = out.family(metric::kRequests, "Answers by HTTP status", MetricType::Counter);
  for (std::size_t status = 0; status < MetricShard::kStatusCount; ++status) {
    std::uint64_t count = 0;
    for (const auto& shard : metrics.shards()) count += shard.requests_by_status[status].get();
    if (count != 0) {
      add_value(by_status, static_cast<double>(count), {{"status", std::to_string(status)}});
    }
  }
  constexpr std::array<const char*, kRequestEndCount> kEnds{
      "answered", "refused_by_engine", "refused_by_gateway", "broken_stream", "client_gone"};
  auto& by_end =
      out.family(metric::kRequestEnds, "Requests by how they ended", MetricType::Counter);
  for (std::size_t end = 0; end < kRequestEndCount; ++end) {
    std::uint64_t count = 0;
    for (const auto& shard : metrics.shards()) count += shard.requests_by_end[end].get();
    add_value(by_end, static_cast<double>(count), {{"end", kEnds[end]}});
  }
  // Ended first: what starts in between must not make the difference negative.
  const auto ended = sum_of(metrics, &MetricShard::requests_ended);
  const auto started = sum_of(metrics, &MetricShard::requests_started);
  add_value(out.family(metric::kRequestsInFlight, "Requests received and not answered yet",
                       MetricType::Gauge),
            static_cast<double>(started - ended));
  add_value(
      out.family(metric::kPromptTokens, "Prompt tokens of answered requests", MetricType::Counter),
      static_cast<double>(sum_of(metrics, &MetricShard::prompt_tokens)));
  add_value(out.family(metric::kOutputTokens,
                       "Output tokens as the engine counts them, else events with output",
                       MetricType::Counter),
            static_cast<double>(sum_of(metrics, &MetricShard::output_tokens)));
}

void add_times(Exposition& out, const Metrics& metrics) {
  add_histogram(out, metrics, metric::kTtft, "Request received to first output token sent",
                &MetricShard::ttft);
  add_histogram(out, metrics, metric::kItl, "Between two events with output of one stream",
                &MetricShard::itl);
  add_histogram(out, metrics, metric::kE2e, "Request received to end of the answer",
                &MetricShard::e2e);
  add_histogram(out, metrics, metric::kQueueTime, "Request received to dispatched",
                &MetricShard::queue_time);
  add_histogram(out, metrics, metric::kOverhead,
                "The gateway's own time to read, hash and submit a request",
                &MetricShard::overhead);
  auto& slo = out.family(metric::kTtftSlo, "First tokens by whether the TTFT target was met",
                         MetricType::Counter);
  add_value(slo, static_cast<double>(sum_of(metrics, &MetricShard::slo_met)), {{"met", "true"}});
  add_value(slo, static_cast<double>(sum_of(metrics, &MetricShard::slo_missed)),
            {{"met", "false"}});
}

void add_fleets(Exposition& out, const std::vector<FleetFigures>& fleets) {
  const auto add = [&](const char* name, const char* help, MetricType type,
                       const std::function<double(const FleetFigures&)>& value) {
    auto& family = out.family(name, help, type);
    for (const auto& fleet : fleets) add_value(family, value(fleet), {{"model", fleet.model}});
  };
  const auto as_double = [](auto count) { return static_cast<double>(count); };
  add(metric::kHeld, "Requests held in the gateway", MetricType::Gauge,
      [&](const auto& fleet) { return as_double(fleet.load.held_requests); });
  add(metric::kDispatched, "Requests sent and not finished", MetricType::Gauge,
      [&](const auto& fleet) { return as_double(fleet.load.dispatched_requests); });
  add(metric::kMoves, "Held requests moved to another instance", MetricType::Counter,
      [&](const auto& fleet) { return as_double(fleet.load.moves); });
  add(metric::kRetries, "Attempts after the first", MetricType::Counter,
      [&](const auto& fleet) { return as_double(fleet.load.retries); });
  auto& decisions = out.family(metric::kDecisions, "Dispatches by the reason of their decision",
                               MetricType::Counter);
  for (const auto& fleet : fleets) {
    for (const auto& [reason, count] : fleet.reasons) {
      add_value(decisions, as_double(count), {{"model", fleet.model}, {"reason", reason}});
    }
  }
  add(metric::kIndexBlocks, "Blocks in the prefix index", MetricType::Gauge,
      [&](const auto& fleet) { return as_double(fleet.load.index_blocks); });
  add(metric::kMeanFreeness, "Decode steps until an instance's memory is full, mean",
      MetricType::Gauge, [](const auto& fleet) { return fleet.load.mean_freeness; });
  add(metric::kMirrorCorrections, "Answers with fewer cached tokens than the mirror said",
      MetricType::Counter,
      [&](const auto& fleet) { return as_double(fleet.load.mirror_corrections); });
  auto& prefetches =
      out.family(metric::kPrefetchOrders,
                 "Prefixes that the policy ordered ahead of their requests", MetricType::Counter);
  for (const auto& fleet : fleets) {
    add_value(prefetches, as_double(fleet.load.prefetches),
              {{"model", fleet.model}, {"outcome", "not_supported"}});
  }
  // 53 bits, which a double holds exactly: gateways that differ here disagree on homes.
  add(metric::kMembershipDigest, "Hash of the ring membership, low 53 bits", MetricType::Gauge,
      [&](const auto& fleet) { return as_double(fleet.membership_digest & ((1ULL << 53U) - 1)); });
}

void add_shadows(Exposition& out, const std::vector<FleetFigures>& fleets) {
  using Both = std::pair<double, double>;  // Of the acting policy, of the shadow.
  const auto each = [&](const auto& add_one) {
    for (const auto& fleet : fleets) {
      if (fleet.shadow) add_one(fleet.model, *fleet.shadow);
    }
  };
  const auto add = [&](const char* name, const char* help, MetricType type,
                       const std::function<double(const ShadowFigures&)>& value) {
    auto& family = out.family(name, help, type);
    each([&](const std::string& model, const ShadowFigures& shadow) {
      add_value(family, value(shadow), {{"model", model}, {"shadow", shadow.policy}});
    });
  };
  const auto add_both = [&](const char* name, const char* help,
                            const std::function<Both(const ShadowFigures&)>& values) {
    auto& family = out.family(name, help, MetricType::Counter);
    each([&](const std::string& model, const ShadowFigures& shadow) {
      const Both both = values(shadow);
      const auto labels = [&](const char* choice) {
        return Labels{{"model", model}, {"shadow", shadow.policy}, {"choice", choice}};
      };
      add_value(family, both.first, labels("acting"));
      add_value(family, both.second, labels("shadow"));
    });
  };
  add(metric::kShadowDecisions, "Decisions that the shadow policy was asked for too",
      MetricType::Counter,
      [](const auto& shadow) { return static_cast<double>(shadow.decisions); });
  add(metric::kShadowDiffering, "Of these, those where it would have done something else",
      MetricType::Counter,
      [](const auto& shadow) { return static_cast<double>(shadow.differing); });
  add_both(metric::kShadowCached, "Cached tokens expected at the instance chosen",
           [](const auto& shadow) {
             return Both(shadow.acting_cached_tokens, shadow.shadow_cached_tokens);
           });
  add_both(metric::kShadowTtft, "Sum of the estimates of the TTFT at the instance chosen",
           [](const auto& shadow) {
             return Both(shadow.acting_ttft_seconds, shadow.shadow_ttft_seconds);
           });
  add(metric::kShadowFailed, "1 once the shadow policy has failed and is not asked any more",
      MetricType::Gauge, [](const auto& shadow) { return shadow.has_failed ? 1.0 : 0.0; });
}

void add_instances(Exposition& out, const std::vector<FleetFigures>& fleets) {
  const auto add = [&](const char* name, const char* help, MetricType type,
                       const std::function<std::optional<double>(const InstanceFigures&)>& value) {
    auto& family = out.family(name, help, type);
    for (const auto& fleet : fleets) {
      for (const auto& instance : fleet.instances) {
        if (const auto known = value(instance)) {
          add_value(family, *known, {{"model", fleet.model}, {"instance", instance.status.name}});
        }
      }
    }
  };
  const auto gauge = [&](const char* name, const char* help, auto InstanceStatus::*field) {
    add(name, help, MetricType::Gauge,
        [field](const auto& of) { return static_cast<double>(of.status.*field); });
  };
  const auto counter = [&](const char* name, const char* help, auto InstanceFigures::*field) {
    add(name, help, MetricType::Counter,
        [field](const auto& of) { return static_cast<double>(of.*field); });
  };
  add(metric::kInstanceHealth, "2 healthy, 1 suspect, 0 dead", MetricType::Gauge,
      [](const auto& of) { return 2.0 - static_cast<double>(of.status.health); });
  gauge(metric::kInstanceDraining, "1 while it takes nothing new", &InstanceStatus::is_draining);
  gauge(metric::kInstanceHeld, "Requests held for it", &InstanceStatus::held_requests);
  gauge(metric::kInstancePrefilling, "Requests sent to it without a first token yet",
        &InstanceStatus::prefilling_requests);
  gauge(metric::kInstanceDecoding, "Requests that it is answering",
        &InstanceStatus::decoding_requests);
  gauge(metric::kInstanceHeldTokens, "Uncached prompt tokens held for it",
        &InstanceStatus::held_tokens);
  gauge(metric::kInstanceSentTokens, "Uncached prompt tokens sent to it without a first token yet",
        &InstanceStatus::sent_tokens);
  gauge(metric::kInstanceForeignRequests, "Requests of others on it, by its last report",
        &InstanceStatus::foreign_requests);
  gauge(metric::kInstanceForeignTokens,
        "Prompt tokens of others not yet computed, by its last report",
        &InstanceStatus::foreign_tokens);
  counter(metric::kInstanceAttempts, "Requests sent to it", &InstanceFigures::attempts);
  counter(metric::kInstanceFailures, "Attempts lost to its own fault", &InstanceFigures::failures);
  counter(metric::kInstanceHealthChanges, "Changes of its health",
          &InstanceFigures::health_changes);
  add(metric::kInstanceExpectedCached, "Cached tokens that the index expected", MetricType::Counter,
      [](const auto& of) { return static_cast<double>(of.status.expected_cached_tokens_total); });
  add(metric::kInstanceActualCached, "Cached tokens that its answers stated", MetricType::Counter,
      [](const auto& of) { return static_cast<double>(of.status.actual_cached_tokens_total); });
  add(metric::kInstanceKvUsage, "Used share of its KV blocks, where it tells", MetricType::Gauge,
      [](const auto& of) { return of.status.report.kv_usage; });
  add(metric::kInstanceRunning, "Running requests, where it tells", MetricType::Gauge,
      [](const auto& of) -> std::optional<double> { return of.status.report.running_requests; });
  add(metric::kInstanceWaiting, "Waiting requests, where it tells", MetricType::Gauge,
      [](const auto& of) -> std::optional<double> { return of.status.report.waiting_requests; });
  counter(metric::kInstanceKvStreamsLost, "Times its stream of KV events broke",
          &InstanceFigures::kv_streams_lost);
}

void add_peers(Exposition& out, const Metrics& metrics, const ProcessFigures& process) {
  std::uint64_t forwarded = 0;
  std::uint64_t received = 0;
  for (const MetricShard& shard : metrics.shards()) {
    forwarded += shard.requests_forwarded.get();
    received += shard.requests_from_peers.get();
  }
  add_value(
      out.family(metric::kForwarded, "Attempts sent to the gateway that owns the instance chosen",
                 MetricType::Counter),
      static_cast<double>(forwarded));
  add_value(out.family(metric::kFromPeers, "Requests that other gateways forwarded to this one",
                       MetricType::Counter),
            static_cast<double>(received));
  if (process.peers.empty()) return;
  auto& up = out.family(metric::kPeerUp, "1 while the other gateway answers", MetricType::Gauge);
  for (const auto& [id, is_up] : process.peers) add_value(up, is_up ? 1.0 : 0.0, {{"peer", id}});
}

void add_process(Exposition& out, const ProcessFigures& process) {
  const auto gauge = [&](const char* name, const char* help, std::optional<double> value) {
    if (value) add_value(out.family(name, help, MetricType::Gauge), *value);
  };
  const auto as_double = [](std::optional<std::uint64_t> count) {
    return count ? std::optional(static_cast<double>(*count)) : std::nullopt;
  };
  gauge(metric::kBufferedBytes, "Bodies held in memory", as_double(process.buffered_bytes));
  gauge(metric::kBufferedBytesMax, "Their limit", as_double(process.buffered_bytes_max));
  gauge(metric::kConnections, "Open client connections", as_double(process.connections));
  gauge(metric::kDraining, "1 once the gateway is shutting down", process.is_draining ? 1.0 : 0.0);
  add_value(out.family(metric::kBuildInfo, "1; the version is a label", MetricType::Gauge), 1.0,
            {{"version", process.version}});
  const ProcessUsage& usage = process.usage;
  add_value(out.family(metric::kProcessCpu, "CPU time of all threads, user and system",
                       MetricType::Counter),
            usage.cpu_seconds);
  gauge(metric::kProcessResident, "Resident memory", as_double(usage.resident_bytes));
  gauge(metric::kProcessDescriptors, "Open file descriptors", as_double(usage.open_descriptors));
  gauge(metric::kProcessDescriptorsMax, "Their limit", as_double(usage.descriptors_max));
  gauge(metric::kProcessStart, "Start of the process since 1970", usage.start_seconds);
}

}  // namespace

std::string metrics_text(const Metrics& metrics, const std::vector<FleetFigures>& fleets,
                         const ProcessFigures& process) {
  Exposition out;
  add_requests(out, metrics);
  add_times(out, metrics);
  add_fleets(out, fleets);
  const bool has_shadow =
      std::ranges::any_of(fleets, [](const auto& fleet) { return fleet.shadow.has_value(); });
  if (has_shadow) add_shadows(out, fleets);
  add_instances(out, fleets);
  add_peers(out, metrics, process);
  add_process(out, process);
  return out.text();
}

}  // namespace ringmaster
