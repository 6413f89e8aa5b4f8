#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/generate_request.h"
#include "engine/server/event_queue.h"

namespace ringmaster::engine {

/// What a request's answer learns: admitted once, then its outputs; or why there is none.
using StreamEvent = std::variant<AdmittedEvent, OutputEvent, Error>;

/// A queue at an IO thread, as the engine thread knows it.
template <class Event>
struct Mailbox {
  Mailbox(std::size_t thread, asio::any_io_executor io_executor, std::size_t events_max)
      : io_thread(thread), executor(io_executor), queue(std::move(io_executor), events_max) {}

  const std::size_t io_thread;           ///< Index in IoThreads.
  const asio::any_io_executor executor;  ///< Of that thread.
  EventQueue<Event> queue;               ///< Only on that thread.
};

using OutputMailbox = Mailbox<StreamEvent>;
/// Server-sent events, ready to be written.
using KvEventMailbox = Mailbox<std::shared_ptr<const std::string>>;

struct SubmitCommand {
  GenerateRequest request;
  std::shared_ptr<OutputMailbox> mailbox;
  TimePoint received;
};

/// Ends a request, if it has not ended: nobody reads its mailbox any more.
struct AbortCommand {
  std::shared_ptr<OutputMailbox> mailbox;
  std::string_view reason;  ///< For the metrics; a literal: "abort" or "stop".
};

/// KV events from a sequence on: replayed if the log still has them, else a snapshot first.
struct SubscribeCommand {
  std::shared_ptr<KvEventMailbox> mailbox;
  std::optional<std::uint64_t> epoch;  ///< Whose sequence `from` is; nothing: the present one.
  std::uint64_t from = 0;
};

struct UnsubscribeCommand {
  std::shared_ptr<KvEventMailbox> mailbox;
};

using Command = std::variant<SubmitCommand, AbortCommand, SubscribeCommand, UnsubscribeCommand>;

/// The way from the IO threads to the engine thread, and what it says about itself. Any thread.
///
/// Outlives the engine thread as long as anybody holds it: commands then go nowhere.
class EngineInbox {
 public:
  void push(Command command);

  /// Everything that has come; waits for something if `waits`, unless close() was called.
  [[nodiscard]] std::vector<Command> take(bool waits);

  /// Ends the waiting of take().
  void close();
  [[nodiscard]] bool is_closed() const;

  void publish(const EngineStats& stats);
  /// As published last, with the requests that are still in here counted as waiting.
  [[nodiscard]] EngineStats stats() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Command> commands_;
  std::int32_t submits_ = 0;        // Among commands_.
  std::int64_t submit_tokens_ = 0;  // Of their prompts.
  EngineStats stats_;
  bool is_closed_ = false;
};

}  // namespace ringmaster::engine
