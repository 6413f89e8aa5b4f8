#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "scheduler/scheduler.h"

namespace ringmaster {

/// A small language for scheduler tests: instances by slot, requests by number, time in seconds.
/// One token takes a millisecond; blocks are of 100 tokens; a prefix is a name for block hashes.
class SchedulerDriver {
 public:
  explicit SchedulerDriver(SchedulerOptions options, std::uint32_t instance_count = 2) {
    auto created = Scheduler::create(options);
    if (!created) ADD_FAILURE() << created.error().message;
    scheduler_ = std::move(*created);
    for (std::uint32_t i = 0; i < instance_count; ++i) add_instance(i);
  }

  static SchedulerOptions policy(const std::string& text) {
    return {.policy = parse_policy_config(text).value()};
  }

  static PrefixChain chain(std::uint64_t prefix, std::uint32_t blocks) {
    PrefixChain hashes;
    for (std::uint64_t i = 0; i < blocks; ++i) {
      hashes.push_back({.low = mix64(prefix * 1000 + i + 1), .high = prefix});
    }
    return hashes;
  }

  static RequestSpec request(std::uint64_t id, std::uint32_t tokens = 1000,
                             std::uint64_t prefix = 0) {
    return {.id = {id},
            .prompt_tokens = tokens,
            .chain = chain(prefix == 0 ? id + 1'000'000 : prefix, tokens / 100),
            .block_tokens = 100};
  }

  ActionList apply(Event event) {
    ActionList actions;
    scheduler_->apply(std::move(event), now_, actions);
    for (const Action& action : actions) {
      if (const auto* dispatch = std::get_if<Dispatch>(&action)) last_dispatch_ = *dispatch;
    }
    return actions;
  }

  ActionList add_instance(std::uint32_t slot) {
    return apply(InstanceAdded{
        .instance = {slot},
        .spec = {.name = "instance-" + std::to_string(slot), .prefill_seconds_per_token = 0.001}});
  }
  ActionList arrive(RequestSpec spec) { return apply(RequestArrived{std::move(spec)}); }
  ActionList first_token(std::uint64_t id, std::uint32_t attempt = 1) {
    return apply(FirstToken{{id}, attempt});
  }
  ActionList finish(std::uint64_t id, std::uint32_t attempt = 1) {
    return apply(RequestFinished{{id}, attempt, 10, std::nullopt});
  }
  ActionList fail(std::uint64_t id, std::uint32_t attempt = 1, bool may_retry = true) {
    return apply(RequestFailed{{id}, attempt, may_retry});
  }
  /// Fails because its instance is gone.
  ActionList lose(std::uint64_t id, std::uint32_t attempt = 1) {
    return apply(RequestFailed{{id}, attempt, true, true});
  }
  ActionList cancel(std::uint64_t id) { return apply(RequestCancelled{{id}}); }
  ActionList tick(double after_seconds) {
    now_ += from_seconds(after_seconds);
    return apply(Tick{});
  }

  /// Actions of one kind.
  template <class Kind>
  static std::vector<Kind> of(const ActionList& actions) {
    std::vector<Kind> found;
    for (const Action& action : actions) {
      if (const auto* match = std::get_if<Kind>(&action)) found.push_back(*match);
    }
    return found;
  }

  [[nodiscard]] InstanceStatus status(std::uint32_t slot) const {
    for (const InstanceStatus& status : scheduler_->instances()) {
      if (status.id.value == slot) return status;
    }
    ADD_FAILURE() << "no instance " << slot;
    return {};
  }

  Scheduler& scheduler() { return *scheduler_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] const Dispatch& last_dispatch() const { return last_dispatch_; }

 private:
  std::unique_ptr<Scheduler> scheduler_;
  TimePoint now_{};
  Dispatch last_dispatch_;
};

}  // namespace ringmaster
