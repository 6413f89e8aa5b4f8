#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "router/input_recorder.h"
#include "router/live_instance.h"
#include "router/ticket.h"
#include "scheduler/scheduler.h"

namespace ringmaster {

/// The instances of one model, their scheduler, and the requests that it knows. Strand only.
class ModelFleet {
 public:
  struct Context {
    boost::asio::any_io_executor executor;  ///< The strand.
    const Clock* clock = nullptr;
    LogSink* log = nullptr;
    /// Where the inputs of a fleet's scheduler are recorded; null or returning null: nowhere.
    std::function<LineSink*(const std::string& model, std::uint32_t number)> recording;
    /// The peer that owns the instance of this name; null: we do. Called on the strand.
    std::function<PeerPtr(std::string_view instance)> owner_of;
  };

  /// Fails as Scheduler::create() does.
  [[nodiscard]] static Result<std::unique_ptr<ModelFleet>> create(std::string model,
                                                                  std::uint32_t number,
                                                                  const SchedulerOptions& options,
                                                                  Context context);

  /// Feeds the scheduler one event and carries out what it asks for.
  void apply(Event event);

  /// Makes the ticket known under spec.id and lets the request arrive.
  void submit(const std::shared_ptr<Ticket>& ticket, RequestSpec spec);
  /// Forgets the ticket; its request is over.
  void forget(Ticket& ticket);

  /// The lowest free place. The instance must then be added under it.
  [[nodiscard]] InstanceId free_place() const;
  void add(LiveInstancePtr instance, ResidencySource residency);
  void remove(InstanceId id);
  /// Null if there is none under this id.
  [[nodiscard]] LiveInstancePtr find(InstanceId id) const;
  [[nodiscard]] LiveInstancePtr find(std::string_view name) const;
  [[nodiscard]] std::vector<LiveInstancePtr> instances() const;

  [[nodiscard]] const std::string& model() const { return model_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] const Scheduler& scheduler() const { return *scheduler_; }

  /// Decisions so far, by the policy's reason.
  using ReasonCounts = std::map<std::string_view, std::uint64_t>;
  [[nodiscard]] const ReasonCounts& reasons() const { return reasons_; }

 private:
  ModelFleet(std::string model, std::uint32_t number, std::unique_ptr<Scheduler> scheduler,
             Context context);

  void perform(const Dispatch& dispatch);
  void perform(const Reject& reject);
  void perform(const Cancel& cancel);
  void perform(const Wake& wake);
  void perform(const Hold& /*hold*/) {}
  void perform(const Move& /*move*/) {}
  /// No engine behind an adapter can be asked for it: SchedulerLoad::prefetches counts them.
  void perform(const Prefetch& /*prefetch*/) {}

  std::string model_;
  std::uint32_t number_;
  Context context_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<InputRecorder> recorder_;  // Null: nothing is recorded.
  boost::asio::steady_timer wake_;
  std::vector<LiveInstancePtr> places_;                        // By InstanceId; null: free.
  std::map<std::string, LiveInstancePtr, std::less<>> named_;  // The same.
  std::unordered_map<std::uint64_t, std::shared_ptr<Ticket>> tickets_;
  ReasonCounts reasons_;
};

}  // namespace ringmaster
