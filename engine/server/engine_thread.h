#pragma once

#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"
#include "engine/server/engine_inbox.h"
#include "engine/server/server_metrics.h"
#include "http/io_threads.h"

namespace ringmaster::engine {

/// Runs an engine on a thread of its own: takes commands between steps, and posts what each step
/// brought, once per IO thread.
class EngineThread {
 public:
  /// Starts the thread. All but the options outlive this object; `executor` is only used on the
  /// thread.
  EngineThread(Executor& executor, EngineOptions options, http::IoThreads& io_threads,
               const Clock& clock, ServerMetrics& metrics, LogSink& log);
  /// Fails what still runs with kUnavailable, and joins.
  ~EngineThread();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  [[nodiscard]] const std::shared_ptr<EngineInbox>& inbox() const { return inbox_; }

 private:
  struct Listener {
    std::shared_ptr<OutputMailbox> mailbox;
    TimePoint received;
    TimePoint last_token;
    std::int32_t prompt_tokens = 0;
    std::int32_t output_tokens = 0;
  };
  using Delivery = std::pair<std::shared_ptr<OutputMailbox>, StreamEvent>;

  void run();
  void step();
  void carry_out(SubmitCommand& command);
  void carry_out(AbortCommand& command);
  void carry_out(SubscribeCommand& command);
  void carry_out(UnsubscribeCommand& command);
  void deliver(const std::shared_ptr<OutputMailbox>& mailbox, StreamEvent event);
  void deliver_output(OutputEvent event, TimePoint now);
  /// One line for all requests of a step that failed.
  void log_failure();
  void flush();
  void publish_kv_batch();
  void send(const std::shared_ptr<KvEventMailbox>& mailbox,
            std::shared_ptr<const std::string> text);
  void end(const Listener& listener, std::string_view reason, TimePoint now);

  Engine engine_;
  http::IoThreads& io_threads_;
  const Clock& clock_;
  ServerMetrics& metrics_;
  LogSink& log_;
  std::shared_ptr<EngineInbox> inbox_ = std::make_shared<EngineInbox>();
  std::unordered_map<RequestId, Listener> listeners_;
  std::unordered_map<const OutputMailbox*, RequestId> requests_;  // The same, by mailbox.
  std::vector<std::shared_ptr<KvEventMailbox>> subscribers_;
  std::vector<std::vector<Delivery>> outgoing_;  // By IO thread.
  StepResult result_;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace ringmaster::engine
