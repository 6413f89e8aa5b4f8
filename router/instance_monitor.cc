#include "router/instance_monitor.h"

#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine_adapters/model_list.h"

namespace ringmaster {
namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

/// Between two attempts to follow the KV events of an instance that breaks them off.
constexpr std::chrono::milliseconds kStreamPause{1'000};

}  // namespace

/// Hands KV events to the strand.
class InstanceMonitor::Sink final : public KvEventSink {
 public:
  explicit Sink(InstanceMonitor& monitor) : monitor_(&monitor) {}

  void stored(std::vector<BlockHash> blocks) override {
    monitor_->tell(KvBlocksStored{.instance = id(), .blocks = std::move(blocks)});
  }
  void removed(std::vector<BlockHash> blocks) override {
    monitor_->tell(KvBlocksRemoved{.instance = id(), .blocks = std::move(blocks)});
  }
  void cleared() override { monitor_->tell(KvCleared{.instance = id()}); }

 private:
  [[nodiscard]] InstanceId id() const { return monitor_->instance_->id; }

  InstanceMonitor* monitor_;
};

InstanceMonitor::InstanceMonitor(LiveInstancePtr instance, asio::any_io_executor executor,
                                 Context context)
    : instance_(std::move(instance)),
      executor_(std::move(executor)),
      context_(std::move(context)),
      tracker_(context_.settings.unhealthy_after, context_.settings.healthy_after),
      pace_(context_.settings.interval),
      probe_timer_(executor_),
      stream_timer_(executor_) {}

void InstanceMonitor::start() {
  const auto on_end = [self = shared_from_this()](const std::exception_ptr& error) {
    if (error) self->log(LogLevel::kError, "the monitor ended by an exception");
  };
  asio::co_spawn(executor_, watch(shared_from_this()),
                 asio::bind_cancellation_slot(stop_watch_.slot(), on_end));
  if (!context_.follows_kv_events) return;
  asio::co_spawn(executor_, follow(shared_from_this()),
                 asio::bind_cancellation_slot(stop_follow_.slot(), on_end));
}

void InstanceMonitor::stop() {
  asio::post(executor_, [self = shared_from_this()] {
    self->is_stopped_ = true;
    self->stop_watch_.emit(asio::cancellation_type::terminal);
    self->stop_follow_.emit(asio::cancellation_type::terminal);
  });
}

void InstanceMonitor::request_failed() {
  asio::post(executor_, [self = shared_from_this()] {
    if (self->is_stopped_) return;
    self->note(self->tracker_.failure(), "a request failed");
    self->probe_timer_.cancel();
  });
}

void InstanceMonitor::request_timed_out() {
  asio::post(executor_, [self = shared_from_this()] { self->probe_timer_.cancel(); });
}

asio::awaitable<void> InstanceMonitor::watch(std::shared_ptr<InstanceMonitor> self) {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!self->is_stopped_) {
    co_await self->probe();
    if (self->is_stopped_) co_return;
    if (self->tracker_.health() != Health::kDead) {
      co_await self->read_report();
      if (!self->has_card_) co_await self->read_card();
    }
    const bool was_alive = self->instance_->live.was_alive.load(std::memory_order_relaxed);
    co_await self->pause(self->probe_timer_, self->pace_.next(was_alive));
  }
}

asio::awaitable<void> InstanceMonitor::follow(std::shared_ptr<InstanceMonitor> self) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Sink sink(*self);
  while (!self->is_stopped_) {
    if (self->instance_->live.was_alive.load(std::memory_order_relaxed)) {
      const auto end =
          co_await self->instance_->adapter->follow_kv_events(self->instance_->link, sink);
      if (self->is_stopped_) co_return;
      self->instance_->live.kv_streams_lost.fetch_add(1, std::memory_order_relaxed);
      self->log(LogLevel::kWarn, "kv events: " + (end ? "ended" : end.error().message));
    }
    co_await self->pause(self->stream_timer_, kStreamPause);
  }
}

asio::awaitable<void> InstanceMonitor::probe() {
  const auto started = context_.clock->now();
  const auto outcome = co_await instance_->adapter->probe(instance_->link);
  if (is_stopped_) co_return;
  const auto heard_at = instance_->live.heard_at.load(std::memory_order_relaxed);
  const bool answers_requests = heard_at >= started.time_since_epoch().count();
  if (outcome.verdict == ProbeVerdict::kAlive) {
    const bool was_alive = instance_->live.was_alive.exchange(true, std::memory_order_relaxed);
    if (!was_alive) stream_timer_.cancel();  // its events can be followed from now on
    note(tracker_.good_probe(), "the probe was answered");
  } else if (outcome.verdict == ProbeVerdict::kSilent && answers_requests) {
    note(tracker_.good_probe(), "it is busy but answers requests");
  } else if (outcome.verdict == ProbeVerdict::kSilent) {
    note(tracker_.silence(), outcome.detail);
  } else {
    note(tracker_.failure(), outcome.detail);
  }
}

asio::awaitable<void> InstanceMonitor::read_report() {
  if (!instance_->adapter->capabilities().reports_load) co_return;
  const auto asked = context_.clock->now();
  auto report = co_await instance_->adapter->read_report(instance_->link);
  if (!report) {
    if (!std::exchange(has_reported_failure_, true)) {
      log(LogLevel::kWarn, "load report: " + report.error().message);
    }
    co_return;
  }
  has_reported_failure_ = false;
  report->load.time = context_.clock->now();
  report->load.time_error = report->load.time - asked;
  if (context_.follows_kv_events && report->block_tokens &&
      *report->block_tokens != instance_->link.block_tokens) {
    context_.on_block_tokens(instance_, *report->block_tokens);
  }
  tell(InstanceReported{.instance = instance_->id, .report = report->load});
}

asio::awaitable<void> InstanceMonitor::read_card() {
  const auto text = co_await instance_->adapter->read_models(instance_->link);
  if (!text) co_return;
  const auto cards = parse_model_list(*text);
  has_card_ = true;
  if (!cards) {
    log(LogLevel::kWarn, cards.error().message);
    co_return;
  }
  std::string others;
  for (const auto& card : *cards) {
    if (card.id == instance_->link.model) {
      if (context_.on_card) context_.on_card(instance_, card.json);
      co_return;
    }
    if (others.size() < 256) others += (others.empty() ? "" : ", ") + card.id;
  }
  log(LogLevel::kWarn, "serves model \"" + others + "\", not \"" + instance_->link.model + "\"");
}

asio::awaitable<void> InstanceMonitor::pause(asio::steady_timer& timer, Duration length) {
  if (is_stopped_) co_return;
  timer.expires_after(length);
  co_await timer.async_wait(kAsTuple);
}

void InstanceMonitor::note(std::optional<Health> change, const std::string& why) {
  if (!change) return;
  instance_->live.health.store(*change, std::memory_order_relaxed);
  instance_->live.health_changes.fetch_add(1, std::memory_order_relaxed);
  tell(HealthChanged{.instance = instance_->id, .health = *change});
  const auto level = *change == Health::kHealthy ? LogLevel::kInfo : LogLevel::kWarn;
  log(level, "health=" + std::string(health_word(*change)) + " why=\"" + why + '"');
}

void InstanceMonitor::tell(Event event) {
  context_.strand->tell(instance_->link.model, instance_, std::move(event));
}

void InstanceMonitor::log(LogLevel level, const std::string& line) {
  if (!context_.log->enabled(level)) return;
  context_.log->write(level, "instance=" + instance_->spec.name + " " + line);
}

}  // namespace ringmaster
