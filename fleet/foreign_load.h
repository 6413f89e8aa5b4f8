#pragma once

#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "fleet/instance.h"
#include "fleet/instance_load.h"

namespace ringmaster {

/// What a request costs on average, over about the last hundred dispatches of this gateway. Others
/// that serve the same users are taken to send the like.
class MeanRequest {
 public:
  void note(std::uint32_t uncached_tokens, std::uint64_t kv_blocks);

  [[nodiscard]] double uncached_tokens() const { return uncached_tokens_; }
  [[nodiscard]] double kv_blocks() const { return kv_blocks_; }

 private:
  double uncached_tokens_ = 0.0;
  double kv_blocks_ = 0.0;
  std::uint32_t seen_ = 0;
};

/// What others than this gateway (further gateways, direct clients) have on one instance.
///
/// A report, as stale as it is, counts everybody's requests. What this gateway itself had sent when
/// the report was true is taken off; the rest is foreign, and is believed until the next report,
/// but for kBelievedFor at most:
///
///     load now = own bookings now + max(0, report(t) - own bookings at t)
///
/// which is the report plus the own dispatches since then, less the own answers since then. With
/// one gateway nothing is foreign, however old the reports are. A request that others hold back in
/// their own queues is in no report of the instance and stays unseen, but for gateways that are
/// peers: the report is then the owner's (instance_owner.h).
///
/// Cost: a few words per change of what is sent, from the first report on; at most kHistoryMax.
class ForeignLoad {
 public:
  static constexpr std::size_t kHistoryMax = 4096;
  static constexpr Duration kBelievedFor = std::chrono::seconds(30);

  /// The bookings have changed. Requires: `now` never goes backwards.
  void note(TimePoint now, InstanceLoad& load);

  /// Puts what the report says of others into `load`. A report that was true before the first one
  /// was heard, or before the last one, says nothing.
  void apply(const InstanceReport& report, TimePoint now, const MeanRequest& mean,
             InstanceLoad& load);

 private:
  struct Sent {
    TimePoint since{};
    std::uint64_t tokens = 0;
    std::uint32_t requests = 0;
  };

  [[nodiscard]] Sent most_sent(TimePoint from, TimePoint to);
  void follow(TimePoint now, const InstanceLoad& load);
  void set(double requests, double tokens, const MeanRequest& mean, InstanceLoad& load);

  bool is_followed_ = false;  ///< Since the first report.
  TimePoint reported_at_{};
  std::deque<Sent> history_;  ///< The oldest first; reaches back to the last report.
  std::uint64_t kv_blocks_ = 0;
};

}  // namespace ringmaster
