#include "router/scheduler_strand.h"

#include <utility>

namespace ringmaster {

SchedulerStrand::SchedulerStrand(ModelFleet::Context context, SchedulerOptions options)
    : context_(std::move(context)), options_(std::move(options)) {}

void SchedulerStrand::submit(std::shared_ptr<Ticket> ticket, std::string model, RequestSpec spec) {
  on_strand([this, ticket = std::move(ticket), model = std::move(model),
             spec = std::move(spec)]() mutable {
    const auto found = fleets_.find(model);
    auto* fleet = model.empty()            ? least_loaded_fleet()
                  : found == fleets_.end() ? nullptr
                                           : found->second.get();
    if (fleet == nullptr) {
      ticket->deliver(Refusal{.error = {.code = ErrorCode::kUnavailable,
                                        .origin = ErrorOrigin::kRouter,
                                        .message = "no instance can serve this request"},
                              .retry_after = std::chrono::seconds(1)});
      return;
    }
    spec.id = RequestId{next_request_++};
    fleet->submit(ticket, std::move(spec));
  });
}

ModelFleet* SchedulerStrand::least_loaded_fleet() const {
  ModelFleet* best = nullptr;
  double least = 0.0;
  for (const auto& [model, fleet] : fleets_) {
    const auto count = fleet->instances().size();
    if (count == 0) continue;
    const auto load = fleet->scheduler().load();
    const auto work = static_cast<double>(load.held_requests + load.dispatched_requests) /
                      static_cast<double>(count);
    if (best == nullptr || work < least) {
      best = fleet.get();
      least = work;
    }
  }
  return best;
}

void SchedulerStrand::first_token(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt) {
  on_strand([ticket, attempt] {
    if (ticket->fleet == nullptr) return;
    ticket->fleet->apply(FirstToken{.request = ticket->id, .attempt = attempt});
  });
}

void SchedulerStrand::finished(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt,
                               std::uint32_t output_tokens, const AnswerUsage& usage) {
  on_strand([ticket, attempt, output_tokens, usage] {
    auto* fleet = ticket->fleet;
    if (fleet == nullptr) return;
    fleet->forget(*ticket);
    fleet->apply(RequestFinished{.request = ticket->id,
                                 .attempt = attempt,
                                 .output_tokens = output_tokens,
                                 .cached_tokens = usage.cached_tokens,
                                 .prompt_tokens = usage.prompt_tokens});
  });
}

void SchedulerStrand::attempt_failed(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt,
                                     bool lost_instance) {
  on_strand([ticket, attempt, lost_instance] {
    if (ticket->fleet == nullptr) return;
    ticket->fleet->apply(RequestFailed{.request = ticket->id,
                                       .attempt = attempt,
                                       .may_retry = true,
                                       .lost_instance = lost_instance});
  });
}

void SchedulerStrand::failed(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt) {
  on_strand([ticket, attempt] {
    auto* fleet = ticket->fleet;
    if (fleet == nullptr) return;
    fleet->forget(*ticket);
    fleet->apply(RequestFailed{.request = ticket->id, .attempt = attempt});
  });
}

void SchedulerStrand::cancelled(const std::shared_ptr<Ticket>& ticket) {
  on_strand([ticket] {
    auto* fleet = ticket->fleet;
    if (fleet == nullptr) return;
    fleet->forget(*ticket);
    fleet->apply(RequestCancelled{.request = ticket->id});
  });
}

void SchedulerStrand::tell(std::string model, LiveInstancePtr instance, Event event) {
  on_strand([this, model = std::move(model), instance = std::move(instance),
             event = std::move(event)]() mutable {
    const auto fleet = fleets_.find(model);
    if (fleet == fleets_.end()) return;
    if (fleet->second->find(instance->id) != instance) return;
    fleet->second->apply(std::move(event));
  });
}

Result<ModelFleet*> SchedulerStrand::fleet_for(const std::string& model) {
  const auto found = fleets_.find(model);
  if (found != fleets_.end()) return found->second.get();
  const auto number = static_cast<std::uint32_t>(fleets_.size() + 1);
  auto fleet = ModelFleet::create(model, number, options_, context_);
  if (!fleet) return tl::unexpected(std::move(fleet.error()));
  return fleets_.emplace(model, std::move(*fleet)).first->second.get();
}

}  // namespace ringmaster
