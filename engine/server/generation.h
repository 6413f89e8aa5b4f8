#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/server/engine_inbox.h"

namespace ringmaster::engine {

/// One request in the engine, for as long as somebody wants its outputs: destroyed before its end
/// it is aborted, however its coroutine ends.
class Generation {
 public:
  Generation(std::shared_ptr<EngineInbox> inbox, std::shared_ptr<OutputMailbox> mailbox)
      : inbox_(std::move(inbox)), mailbox_(std::move(mailbox)) {}
  ~Generation() { end("abort"); }
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  /// See EventQueue::next().
  [[nodiscard]] asio::awaitable<Result<std::vector<StreamEvent>>> next() {
    return mailbox_->queue.next();
  }

  /// The engine has ended it by itself.
  void note_ended() { has_ended_ = true; }

  /// Ends it in the engine. `reason` is a literal, for the metrics.
  void end(std::string_view reason) {
    if (!std::exchange(has_ended_, true)) {
      inbox_->push(AbortCommand{.mailbox = mailbox_, .reason = reason});
    }
  }

 private:
  std::shared_ptr<EngineInbox> inbox_;
  std::shared_ptr<OutputMailbox> mailbox_;
  bool has_ended_ = false;
};

}  // namespace ringmaster::engine
