#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/io_threads.h"
#include "router/process_usage.h"
#include "scheduler/decision_log.h"
#include "scheduler/scheduler.h"
#include "scheduler/shadow_policy.h"

namespace ringmaster {

/// A counter that one thread adds to and any thread reads: no lock, no atomic read-modify-write.
class OwnedCount {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A histogram of seconds that one thread records and any thread reads. Buckets are those of
/// kSecondsBounds; a reader may see a sample in its bucket and not yet in the sum.
class OwnedSeconds {
 public:
  static constexpr std::size_t kBucketCount = 20;

  void record(Duration duration);
  void add_to(std::array<std::uint64_t, kBucketCount>& counts, double& sum) const;

 private:
  std::array<OwnedCount, kBucketCount> buckets_;
  OwnedCount nanoseconds_;
};

/// Upper bounds of the buckets but the last, which has none.
extern const std::array<double, OwnedSeconds::kBucketCount - 1> kSecondsBounds;

/// How a request ended.
enum class RequestEnd : std::uint8_t {
  kAnswered,         ///< Whole answer relayed, 2xx or 3xx.
  kRefusedByEngine,  ///< The instance's own 4xx or 5xx, relayed.
  kRefusedByUs,      ///< Error of the gateway: bad request, no instance, queue full.
  kBrokenStream,     ///< Ended in an error frame or cut after its first byte.
  kClientGone,
};
inline constexpr std::size_t kRequestEndCount = 5;

/// What one I/O thread has counted. Written by that thread only.
struct MetricShard {
  static constexpr std::size_t kStatusCount = 600;

  std::array<OwnedCount, kStatusCount> requests_by_status;
  std::array<OwnedCount, kRequestEndCount> requests_by_end;
  OwnedCount requests_started;
  OwnedCount requests_ended;
  OwnedCount requests_forwarded;   ///< Attempts sent to the gateway that owns the instance.
  OwnedCount requests_from_peers;  ///< Forwarded to us.
  OwnedCount prompt_tokens;
  OwnedCount output_tokens;
  OwnedCount slo_met;  ///< TTFT within the SLO, of those that have a first token.
  OwnedCount slo_missed;
  OwnedSeconds ttft;
  OwnedSeconds itl;
  OwnedSeconds e2e;
  OwnedSeconds queue_time;
  OwnedSeconds overhead;  ///< Received to decided, waiting in the queue excluded.
};

/// Counts of the request path by thread.
class Metrics {
 public:
  explicit Metrics(const http::IoThreads& threads);

  /// The calling thread's. Requires: one of the I/O threads.
  [[nodiscard]] MetricShard& local();
  [[nodiscard]] const std::deque<MetricShard>& shards() const { return shards_; }

 private:
  const http::IoThreads* threads_;
  std::deque<MetricShard> shards_;
};

/// One instance's figures for the exposition.
struct InstanceFigures {
  InstanceStatus status;
  std::uint64_t attempts = 0;
  std::uint64_t failures = 0;
  std::uint64_t health_changes = 0;
  std::uint64_t kv_streams_lost = 0;
};

/// One model's figures for the exposition.
struct FleetFigures {
  std::string model;
  SchedulerLoad load;
  std::uint64_t membership_digest = 0;
  std::optional<ShadowFigures> shadow;
  std::vector<std::pair<std::string, std::uint64_t>> reasons;
  std::vector<InstanceFigures> instances;
};

/// Figures of the process for the exposition.
struct ProcessFigures {
  std::size_t buffered_bytes = 0;
  std::size_t buffered_bytes_max = 0;
  std::size_t connections = 0;
  bool is_draining = false;
  ProcessUsage usage;
  std::string version;
  std::vector<std::pair<std::string, bool>> peers;  ///< By id: whether it is up.
};

/// The Prometheus text of everything (see docs/metrics.md).
[[nodiscard]] std::string metrics_text(const Metrics& metrics,
                                       const std::vector<FleetFigures>& fleets,
                                       const ProcessFigures& process);

}  // namespace ringmaster
