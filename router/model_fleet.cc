#include "router/model_fleet.h"

#include <utility>

#include "base/check.h"
#include "fleet/fleet_state.h"

namespace ringmaster {

Result<std::unique_ptr<ModelFleet>> ModelFleet::create(std::string model, std::uint32_t number,
                                                       const SchedulerOptions& options,
                                                       Context context) {
  auto scheduler = Scheduler::create(options);
  if (!scheduler) return tl::unexpected(std::move(scheduler.error()));
  return std::unique_ptr<ModelFleet>(
      new ModelFleet(std::move(model), number, std::move(*scheduler), std::move(context)));
}

ModelFleet::ModelFleet(std::string model, std::uint32_t number,
                       std::unique_ptr<Scheduler> scheduler, Context context)
    : model_(std::move(model)),
      number_(number),
      context_(std::move(context)),
      scheduler_(std::move(scheduler)),
      wake_(context_.executor) {
  auto* sink = context_.recording ? context_.recording(model_, number_) : nullptr;
  if (sink != nullptr) recorder_ = std::make_unique<InputRecorder>(*sink, scheduler_->options());
}

void ModelFleet::apply(Event event) {
  const auto now = context_.clock->now();
  if (recorder_) recorder_->event(event, now);
  // A list of its own: what an action sets off may come back here before the list is done.
  ActionList actions;
  scheduler_->apply(std::move(event), now, actions);
  if (recorder_) recorder_->actions(actions);
  for (const auto& action : actions) {
    std::visit([this](const auto& what) { perform(what); }, action);
  }
}

void ModelFleet::submit(const std::shared_ptr<Ticket>& ticket, RequestSpec spec) {
  ticket->id = spec.id;
  ticket->fleet = this;
  tickets_.emplace(spec.id.value, ticket);
  if (!ticket->forwarded_to.empty()) {
    const auto chosen = find(ticket->forwarded_to);
    spec.forwarded_to = chosen ? chosen->id : InstanceId{FleetState::kSlotsMax};
  }
  apply(RequestArrived{std::move(spec)});
}

void ModelFleet::forget(Ticket& ticket) {
  ticket.fleet = nullptr;
  tickets_.erase(ticket.id.value);
}

InstanceId ModelFleet::free_place() const {
  std::uint32_t place = 0;
  while (place < places_.size() && places_[place] != nullptr) ++place;
  return {place};
}

void ModelFleet::add(LiveInstancePtr instance, ResidencySource residency) {
  const auto id = instance->id;
  if (places_.size() <= id.value) places_.resize(id.value + 1);
  RINGMASTER_CHECK(places_[id.value] == nullptr);
  const auto spec = instance->spec;
  const auto health = instance->live.health.load(std::memory_order_relaxed);
  named_.emplace(spec.name, instance);
  places_[id.value] = std::move(instance);
  apply(InstanceAdded{.instance = id, .spec = spec, .residency = residency, .health = health});
}

void ModelFleet::remove(InstanceId id) {
  // The place is free only after the scheduler has taken back what was sent there.
  apply(InstanceRemoved{id});
  named_.erase(places_[id.value]->spec.name);
  places_[id.value] = nullptr;
}

LiveInstancePtr ModelFleet::find(InstanceId id) const {
  return id.value < places_.size() ? places_[id.value] : nullptr;
}

LiveInstancePtr ModelFleet::find(std::string_view name) const {
  const auto found = named_.find(name);
  return found == named_.end() ? nullptr : found->second;
}

std::vector<LiveInstancePtr> ModelFleet::instances() const {
  std::vector<LiveInstancePtr> present;
  for (const auto& instance : places_) {
    if (instance != nullptr) present.push_back(instance);
  }
  return present;
}

void ModelFleet::perform(const Dispatch& dispatch) {
  const auto found = tickets_.find(dispatch.request.value);
  if (found == tickets_.end()) return;  // Cancelled meanwhile; the scheduler hears of it next.
  const auto* decision = scheduler_->decisions().find(dispatch.decision);
  const std::string_view reason = decision == nullptr ? "unknown" : decision->reason;
  ++reasons_[reason];
  auto instance = find(dispatch.instance);
  RINGMASTER_CHECK(instance != nullptr);
  // What was forwarded once is not forwarded again: gateways may disagree about owners for a while.
  const bool may_forward = context_.owner_of && found->second->forwarded_to.empty();
  auto owner = may_forward ? context_.owner_of(instance->spec.name) : nullptr;
  found->second->deliver(Assignment{.instance = std::move(instance),
                                    .owner = std::move(owner),
                                    .attempt = dispatch.attempt,
                                    .fleet = number_,
                                    .decision = dispatch.decision,
                                    .reason = reason,
                                    .expected_cached_tokens = dispatch.expected_cached_tokens});
}

void ModelFleet::perform(const Reject& reject) {
  const auto found = tickets_.find(reject.request.value);
  if (found == tickets_.end()) return;
  const auto ticket = found->second;
  forget(*ticket);
  ticket->deliver(Refusal{.error = reject.error, .retry_after = reject.retry_after});
}

void ModelFleet::perform(const Cancel& cancel) {
  const auto found = tickets_.find(cancel.request.value);
  if (found != tickets_.end()) found->second->take_back(cancel.attempt);
}

void ModelFleet::perform(const Wake& wake) {
  wake_.expires_at(std::chrono::steady_clock::time_point(wake.at.time_since_epoch()));
  wake_.async_wait([this](boost::system::error_code error) {
    if (!error) apply(Tick{});
  });
}

}  // namespace ringmaster
