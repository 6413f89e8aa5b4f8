#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sim/simulation_run.h"

namespace ringmaster::sim {

void SimulationRun::add_instances() {
  const auto add = [this](const FleetMember& member) {
    instances_.emplace_back(member, options_.probes);
    pending_work_.set_places(instances_.size());
    join(static_cast<std::uint32_t>(instances_.size() - 1));
  };
  for (const FleetMember& member : options_.fleet) add(member);
  if (options_.fleet.empty()) {
    for (std::uint32_t i = 0; i < options_.instances; ++i) add({options_.profile});
  }
  if (autoscaler_) {
    loop_.schedule(loop_.now() + autoscaler_->options().interval, OccurrenceKind::kScaling, 0);
  }
}

void SimulationRun::ask_for_instance(const InstanceProfile& profile, Duration start_up) {
  if (instances_.size() >= kInstancesMax) return;
  const auto place = static_cast<std::uint32_t>(instances_.size());
  instances_.emplace_back(FleetMember{profile}, options_.probes).paid_since = loop_.now();
  pending_work_.set_places(instances_.size());
  ++starts_due_;
  loop_.schedule(loop_.now() + start_up, OccurrenceKind::kJoin, place);
}

void SimulationRun::join(std::uint32_t place) {
  SimulatedInstance& instance = instances_[place];
  if (starts_due_ > 0) --starts_due_;  // None is due while the first ones are added.
  instance.model = make_instance_model(options_.model, instance.profile, workload_, &loop_);
  instance.is_present = true;
  instance.health.good_probe();
  InstanceSpec spec{.name = "instance-" + std::to_string(place),
                    .capacity = instance.capacity,
                    .prefill_seconds_per_token = instance.profile.prefill_seconds_per_token,
                    .kv_cache_tokens = cache_tokens(options_.model, instance.profile)};
  const std::uint32_t present = present_count();
  outcome_.instances_most = std::max(outcome_.instances_most, present);
  pending_work_.set_present(present);
  instance.owner = gateways_.owner(spec.name);
  tell_all(InstanceAdded{{place}, std::move(spec), options_.residency});
  for (std::uint32_t gateway = 0; options_.peers && gateway < gateways_.size(); ++gateway) {
    if (gateway != instance.owner) tell(gateway, OwnerChanged{{place}, false});
  }
  if (options_.report_interval > Duration::zero()) {
    loop_.schedule(loop_.now() + options_.report_interval, OccurrenceKind::kReport, place);
  }
}

void SimulationRun::leave(std::uint32_t place) {
  instances_[place].is_draining = true;
  draining_.push_back(place);
  tell_all(InstanceDraining{{place}, true});
}

void SimulationRun::remove_drained() {
  if (draining_.empty()) return;
  const auto is_empty = [this](std::uint32_t place) {
    if (instances_[place].requests > 0) return false;
    return !options_.peers || !gateways_.has_requests_on({place});
  };
  std::vector<std::uint32_t> empty;
  std::ranges::copy_if(draining_, std::back_inserter(empty), is_empty);
  std::erase_if(draining_, is_empty);
  for (const std::uint32_t place : empty) {
    pay(instances_[place]);
    instances_[place].has_left = true;
    instances_[place].is_present = false;
    RINGMASTER_CHECK(!instances_[place].is_running);
    note_copies(instances_[place]);
    instances_[place].model.reset();
    pending_work_.set_present(present_count());
    tell_all(InstanceRemoved{{place}});
  }
}

void SimulationRun::on_change(const FleetChange& change) {
  ++changes_done_;
  if (change.kind == FleetChangeKind::kJoin) {
    return ask_for_instance(change.profile.value_or(instances_.front().profile), change.length);
  }
  const auto place = place_of(change);
  if (!place) return;
  SimulatedInstance& instance = instances_[*place];
  if (change.kind == FleetChangeKind::kLeave) {
    if (!instance.is_draining) leave(*place);
  } else if (change.kind == FleetChangeKind::kCrash) {
    if (!instance.is_down) crash(*place, change.length);
  } else if (change.kind == FleetChangeKind::kStall) {
    stall(*place, change.length);
  } else {
    instance.slow_until = loop_.now() + change.length;
    instance.slow_factor = change.factor;
  }
}

std::optional<std::uint32_t> SimulationRun::place_of(const FleetChange& change) {
  if (change.instance) {
    const bool is_there =
        *change.instance < instances_.size() && instances_[*change.instance].is_present;
    return is_there ? change.instance : std::nullopt;
  }
  std::vector<std::uint32_t> up;
  for (std::uint32_t place = 0; place < instances_.size(); ++place) {
    if (instances_[place].is_present && !instances_[place].is_down) up.push_back(place);
  }
  if (up.empty()) return std::nullopt;
  return up[random_.below(up.size())];
}

void SimulationRun::crash(std::uint32_t place, Duration downtime) {
  SimulatedInstance& instance = instances_[place];
  instance.is_down = true;
  if (std::exchange(instance.is_running, false)) --running_steps_;
  instance.stalled_until = {};
  instance.slow_until = {};
  note_copies(instance);
  // What it had in memory is gone: requests and cache.
  instance.model = make_instance_model(options_.model, instance.profile, workload_, &loop_);
  if (downtime > Duration::zero()) {
    ++restarts_due_;
    loop_.schedule(loop_.now() + downtime, OccurrenceKind::kRestart, place);
  }
  std::vector<std::uint32_t> there;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i].is_sent && outcome_.requests[i].instance == place) there.push_back(i);
  }
  for (const std::uint32_t index : there) {
    // What went to the client cannot be taken back: only the others are tried again.
    const bool may_retry = !states_[index].is_answered;
    outcome_.requests[index].is_lost = !may_retry;
    fail_attempt(index, may_retry, true);
    note_health(place, instances_[place].health.failure());
  }
  schedule_probe(place);
}

void SimulationRun::restart(std::uint32_t place) {
  --restarts_due_;
  instances_[place].is_down = false;
  if (!instances_[place].is_present) return;
  if (options_.residency == ResidencySource::kEvents) signal(KvCleared{{place}});
  schedule_probe(place);
}

void SimulationRun::stall(std::uint32_t place, Duration length) {
  SimulatedInstance& instance = instances_[place];
  if (instance.is_down) return;
  if (const auto end = instance.stall(loop_.now(), loop_.now() + length)) {
    schedule_step_end(place, *end);
  }
  schedule_probe(place);
}

void SimulationRun::on_probe(std::uint32_t place) {
  SimulatedInstance& instance = instances_[place];
  instance.is_probed = false;
  if (!instance.is_present) return;
  const bool is_stalled = loop_.now() < instance.stalled_until;
  if (instance.is_down) {
    note_health(place, instance.health.failure());
    // Nothing new is to be seen of a dead one until it is back.
    if (instance.health.health() != Health::kDead) schedule_probe(place);
  } else if (is_stalled) {
    note_health(place, instance.health.silence());
    schedule_probe(place);
  } else {
    note_health(place, instance.health.good_probe());
    if (instance.health.health() != Health::kHealthy) schedule_probe(place);
  }
}

void SimulationRun::schedule_probe(std::uint32_t place) {
  if (std::exchange(instances_[place].is_probed, true)) return;
  const auto interval = options_.probes.interval;
  const auto rounds = loop_.now().time_since_epoch() / interval + 1;
  loop_.schedule(TimePoint{} + rounds * interval, OccurrenceKind::kProbe, place);
}

void SimulationRun::note_health(std::uint32_t place, std::optional<Health> change) {
  if (change) tell_all(HealthChanged{{place}, *change});
}

void SimulationRun::on_report(std::uint32_t place) {
  const SimulatedInstance& instance = instances_[place];
  if (!instance.is_present) return;
  if (!instance.is_down && loop_.now() >= instance.stalled_until) {
    InstanceReported reported{{place}, instance.model->report()};
    reported.report.time = loop_.now();
    signal(reported);
  }
  if (options_.peers && gateways_.size() > 1) {
    InstanceReported reported{{place}, *gateways_[instance.owner].report_of({place})};
    reported.report.time = loop_.now();
    signal(reported);
  }
  if (may_change()) {
    loop_.schedule(loop_.now() + options_.report_interval, OccurrenceKind::kReport, place);
  }
}

double SimulationRun::scaling_signal(std::span<const std::uint32_t> places) const {
  double sum = 0.0;
  if (autoscaler_->options().signal == ScalingSignal::kFreeness) {
    for (std::uint32_t i = 0; i < gateways_.size(); ++i) sum += gateways_[i].load().mean_freeness;
    return sum / gateways_.size();
  }
  for (const std::uint32_t place : places) {
    sum += static_cast<double>(pending_work_.tokens(place)) *
           instances_[place].profile.prefill_seconds_per_token;
  }
  return places.empty() ? 0.0 : sum / static_cast<double>(places.size());
}

void SimulationRun::on_scaling() {
  std::vector<std::uint32_t> taking;
  for (std::uint32_t place = 0; place < instances_.size(); ++place) {
    const SimulatedInstance& instance = instances_[place];
    if (instance.is_present && !instance.is_draining && !instance.is_down) taking.push_back(place);
  }
  const ScalingStep step =
      autoscaler_->decide(scaling_signal(taking), static_cast<std::uint32_t>(taking.size()),
                          static_cast<std::uint32_t>(starts_due_), loop_.now());
  if (step == ScalingStep::kUp) {
    ask_for_instance(instances_.front().profile, autoscaler_->options().start_up);
  } else if (step == ScalingStep::kDown) {
    leave(taking.back());  // The youngest: its cache is the smallest loss.
  }
  if (may_change()) {
    loop_.schedule(loop_.now() + autoscaler_->options().interval, OccurrenceKind::kScaling, 0);
  }
}

void SimulationRun::start_idle_instances() {
  for (const std::uint32_t place : given_work_) {
    SimulatedInstance& instance = instances_[place];
    if (instance.is_running || instance.is_down || instance.model == nullptr) continue;
    if (const auto step = instance.model->start_step()) {
      ++running_steps_;
      schedule_step_end(place, instance.begin_step(*step, loop_.now()));
    }
  }
  given_work_.clear();
}

void SimulationRun::note_copies(const SimulatedInstance& instance) {
  if (instance.model == nullptr) return;
  const CopyFigures* const figures = instance.model->copies();
  if (figures == nullptr) return;
  if (!outcome_.copies) outcome_.copies.emplace();
  outcome_.copies->add(*figures);
}

void SimulationRun::schedule_step_end(std::uint32_t place, TimePoint at) {
  loop_.schedule(at, OccurrenceKind::kStepEnd, place);
}

void SimulationRun::pay(const SimulatedInstance& instance) {
  if (instance.has_left) return;  // Paid when it left.
  const TimePoint since = std::max(instance.paid_since, TimePoint{} + arrivals_[first_counted_]);
  outcome_.instance_seconds += std::max(0.0, to_seconds(loop_.now() - since));
}

std::uint32_t SimulationRun::present_count() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      instances_, [](const SimulatedInstance& instance) { return instance.is_present; }));
}

bool SimulationRun::may_change() const {
  return arrived_ < arrivals_.size() || running_steps_ > 0 || changes_done_ < changes_.size() ||
         restarts_due_ > 0 || starts_due_ > 0;
}

}  // namespace ringmaster::sim
