#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "fleet/health_tracker.h"
#include "http/client.h"
#include "router/peer.h"
#include "router/peer_report.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

/// Watches one peer: reads what it says of the instances that it owns, which is also how it is
/// found up or down. One coroutine on one executor.
class PeerMonitor : public std::enable_shared_from_this<PeerMonitor> {
 public:
  struct Context {
    http::Client* client = nullptr;
    const Clock* clock = nullptr;
    LogSink* log = nullptr;
    /// Interval, timeout and unhealthy_after; one good answer brings a peer back, for what it owns
    /// then is its own affair.
    HealthSettings health;
    std::string key;
    // Run on the monitor's executor.
    /// It may own instances from now on, or why not.
    std::function<void(const PeerPtr&, const std::string& why_not)> on_up;
    std::function<void(const PeerPtr&, std::vector<OwnedLoad>)> on_report;
    /// It does not answer any more: what waits for it waits in vain.
    std::function<void(const PeerPtr&)> on_lost;
  };

  /// What `context` points to outlives the executor's work.
  PeerMonitor(PeerPtr peer, boost::asio::any_io_executor executor, Context context);

  // Any thread.
  void start();
  void stop();
  /// A request found the peer broken: counts as an answer that failed, and it is asked now.
  void request_failed();

  [[nodiscard]] const PeerPtr& peer() const { return peer_; }

 private:
  [[nodiscard]] static boost::asio::awaitable<void> watch(std::shared_ptr<PeerMonitor> self);
  /// Why it may own nothing although it answers; empty: it may.
  [[nodiscard]] boost::asio::awaitable<Result<std::string>> ask();
  /// `why_not` is empty if it may own instances from now on.
  void set_up(const std::string& why_not);
  void note_failure(const std::string& why);

  PeerPtr peer_;
  boost::asio::any_io_executor executor_;
  Context context_;

  // On the executor only.
  HealthTracker tracker_;
  boost::asio::steady_timer timer_;
  boost::asio::cancellation_signal stop_;
  bool is_stopped_ = false;
  std::string why_not_up_ = "not asked yet";  // Empty: it is up.
};

}  // namespace ringmaster
