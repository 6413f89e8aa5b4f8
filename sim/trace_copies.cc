#include "sim/trace_copies.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "sim/arrivals.h"

namespace ringmaster::sim {
namespace {

/// From this share of the records on, a prefix is taken to be everybody's.
constexpr std::size_t kHotShareInverse = 100;

/// A block within its prefix: what equal ids mean.
std::uint64_t extend(std::uint64_t prefix, std::uint64_t id) {
  return mix64(prefix * 0x9e37'79b9'7f4a'7c15ULL + id + 1);
}

/// Leading blocks of each record that all copies share.
std::vector<std::size_t> hot_blocks(const Trace& trace) {
  std::unordered_map<std::uint64_t, std::size_t> counts;
  for (const TraceRecord& record : trace.records) {
    std::uint64_t prefix = record.labels.adapter;
    for (const std::uint64_t id : trace.ids_of(record)) {
      prefix = extend(prefix, id);
      ++counts[prefix];
    }
  }
  const std::size_t least =
      std::max<std::size_t>(2, (trace.records.size() + kHotShareInverse - 1) / kHotShareInverse);
  std::vector<std::size_t> hot;
  for (const TraceRecord& record : trace.records) {
    std::uint64_t prefix = record.labels.adapter;
    std::size_t blocks = 0;
    for (const std::uint64_t id : trace.ids_of(record)) {
      prefix = extend(prefix, id);
      if (counts[prefix] < least) break;
      ++blocks;
    }
    hot.push_back(blocks);
  }
  return hot;
}

/// Hands out ids that no copy has yet, the same for the same id of the same copy.
class PrivateIds {
 public:
  explicit PrivateIds(const Trace& trace)
      : next_(trace.hash_ids.empty() ? 0 : std::ranges::max(trace.hash_ids) + 1) {}

  void begin_copy() { of_copy_.clear(); }
  std::uint64_t of(std::uint64_t id) {
    const auto [found, is_new] = of_copy_.try_emplace(id, next_);
    if (is_new) ++next_;
    return found->second;
  }

 private:
  std::uint64_t next_;
  std::unordered_map<std::uint64_t, std::uint64_t> of_copy_;
};

/// Timestamps since the first, equal ones spread, and the time after which the trace would repeat.
struct Timeline {
  std::vector<Duration> times;
  Duration span{};
};

Timeline timeline_of(const Trace& trace) {
  std::vector<Duration> stamps;
  for (const TraceRecord& record : trace.records) stamps.push_back(record.timestamp);
  Timeline timeline;
  const auto spread = spread_equal_timestamps(stamps);
  for (const double seconds : spread) timeline.times.push_back(from_seconds(seconds - spread[0]));
  const auto count = static_cast<std::int64_t>(timeline.times.size());
  const Duration last = timeline.times.back();
  timeline.span = std::max(Duration(1), last + (count > 1 ? last / (count - 1) : Duration(0)));
  return timeline;
}

}  // namespace

Result<Trace> overlay_copies(const Trace& trace, std::uint32_t copies) {
  if (copies < 1 || copies > kTraceCopiesMax) {
    return invalid("copies: expected 1 to " + std::to_string(kTraceCopiesMax) + ", found " +
                   std::to_string(copies));
  }
  if (trace.records.empty()) return invalid("copies: expected a trace with records");
  if (copies == 1) return trace;
  const Timeline timeline = timeline_of(trace);
  const auto hot = hot_blocks(trace);
  PrivateIds private_ids(trace);
  Trace overlaid{.ignored_fields = trace.ignored_fields};
  overlaid.records.reserve(trace.records.size() * copies);
  overlaid.hash_ids.reserve(trace.hash_ids.size() * copies);
  for (std::uint32_t copy = 0; copy < copies; ++copy) {
    private_ids.begin_copy();
    const Duration shift = timeline.span / copies * copy;
    for (std::size_t i = 0; i < trace.records.size(); ++i) {
      TraceRecord record = trace.records[i];
      record.timestamp = (timeline.times[i] + shift) % timeline.span;
      record.first_id = overlaid.hash_ids.size();
      if (record.labels.session != 0 && copy > 0) {
        record.labels.session = mix64(record.labels.session ^ mix64(copy));
      }
      const auto ids = trace.ids_of(trace.records[i]);
      for (std::size_t block = 0; block < ids.size(); ++block) {
        const bool is_shared = copy == 0 || block < hot[i];
        overlaid.hash_ids.push_back(is_shared ? ids[block] : private_ids.of(ids[block]));
      }
      overlaid.records.push_back(record);
    }
  }
  std::ranges::stable_sort(overlaid.records, {}, &TraceRecord::timestamp);
  return overlaid;
}

}  // namespace ringmaster::sim
