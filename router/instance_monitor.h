#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "engine_adapters/kv_event_sink.h"
#include "fleet/health_tracker.h"
#include "fleet/probe_pace.h"
#include "router/live_instance.h"
#include "router/scheduler_strand.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

/// Watches one instance: probes its health, reads its load, follows its KV events, and tells the
/// strand. One coroutine each for probes and events, on one executor.
class InstanceMonitor : public std::enable_shared_from_this<InstanceMonitor> {
 public:
  struct Context {
    SchedulerStrand* strand = nullptr;
    const Clock* clock = nullptr;
    LogSink* log = nullptr;
    HealthSettings settings;
    bool follows_kv_events = false;
    /// Told once what the instance says of its model, as JSON; runs on the monitor's executor.
    std::function<void(const LiveInstancePtr&, std::string card)> on_card;
    /// Told where KV events are followed and the instance's blocks are not as large as ours.
    std::function<void(const LiveInstancePtr&, std::uint32_t block_tokens)> on_block_tokens;
  };

  /// What `context` points to outlives the executor's work.
  InstanceMonitor(LiveInstancePtr instance, boost::asio::any_io_executor executor, Context context);

  // Any thread.
  void start();
  void stop();
  /// A request found the instance broken: counts as a failed probe, and the next probe is now.
  void request_failed();
  /// A request waited in vain: only the next probe is now.
  void request_timed_out();

  [[nodiscard]] const LiveInstancePtr& instance() const { return instance_; }

 private:
  class Sink;

  [[nodiscard]] static boost::asio::awaitable<void> watch(std::shared_ptr<InstanceMonitor> self);
  [[nodiscard]] static boost::asio::awaitable<void> follow(std::shared_ptr<InstanceMonitor> self);
  [[nodiscard]] boost::asio::awaitable<void> probe();
  [[nodiscard]] boost::asio::awaitable<void> read_report();
  [[nodiscard]] boost::asio::awaitable<void> read_card();
  [[nodiscard]] boost::asio::awaitable<void> pause(boost::asio::steady_timer& timer,
                                                   Duration length);
  void note(std::optional<Health> change, const std::string& why);
  void tell(Event event);
  void log(LogLevel level, const std::string& line);

  LiveInstancePtr instance_;
  boost::asio::any_io_executor executor_;
  Context context_;

  // On the executor only.
  HealthTracker tracker_;
  ProbePace pace_;
  boost::asio::steady_timer probe_timer_;
  boost::asio::steady_timer stream_timer_;
  boost::asio::cancellation_signal stop_watch_;
  boost::asio::cancellation_signal stop_follow_;
  bool is_stopped_ = false;
  bool has_card_ = false;
  bool has_reported_failure_ = false;  ///< Of reading reports; logged once until it works again.
};

}  // namespace ringmaster
