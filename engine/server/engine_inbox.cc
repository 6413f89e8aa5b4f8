#include "engine/server/engine_inbox.h"

#include <utility>

namespace ringmaster::engine {

void EngineInbox::push(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return;
    if (const auto* submit = std::get_if<SubmitCommand>(&command)) {
      ++submits_;
      submit_tokens_ += static_cast<std::int64_t>(submit->request.prompt.size());
    }
    commands_.push_back(std::move(command));
  }
  changed_.notify_one();
}

std::vector<Command> EngineInbox::take(bool waits) {
  std::unique_lock lock(mutex_);
  if (waits) changed_.wait(lock, [this] { return is_closed_ || !commands_.empty(); });
  // Until publish() these are neither here nor in the engine's own count: keep them in the last.
  stats_.waiting += std::exchange(submits_, 0);
  stats_.queued_prefill_tokens += std::exchange(submit_tokens_, 0);
  return std::exchange(commands_, {});
}

void EngineInbox::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    commands_.clear();  // They hold queues that must not outlive their IO threads.
  }
  changed_.notify_all();
}

bool EngineInbox::is_closed() const {
  const std::lock_guard lock(mutex_);
  return is_closed_;
}

void EngineInbox::publish(const EngineStats& stats) {
  const std::lock_guard lock(mutex_);
  stats_ = stats;
}

EngineStats EngineInbox::stats() const {
  const std::lock_guard lock(mutex_);
  EngineStats stats = stats_;
  stats.waiting += submits_;
  stats.queued_prefill_tokens += submit_tokens_;
  return stats;
}

}  // namespace ringmaster::engine
