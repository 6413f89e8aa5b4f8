#include "engine/server/engine_thread.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "engine/server/kv_event_format.h"

namespace ringmaster::engine {
namespace {

std::string_view reason_of(FinishReason finish) {
  switch (finish) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    default:
      return "error";
  }
}

}  // namespace

EngineThread::EngineThread(Executor& executor, EngineOptions options, http::IoThreads& io_threads,
                           const Clock& clock, ServerMetrics& metrics, LogSink& log)
    : engine_(executor, std::move(options)),
      io_threads_(io_threads),
      clock_(clock),
      metrics_(metrics),
      log_(log),
      outgoing_(io_threads.size()) {
  inbox_->publish(engine_.stats());
  thread_ = std::thread([this] { run(); });
}

EngineThread::~EngineThread() {
  inbox_->close();
  thread_.join();
}

void EngineThread::run() {
  while (!inbox_->is_closed()) {
    for (Command& command : inbox_->take(!engine_.has_work())) {
      std::visit([this](auto& what) { carry_out(what); }, command);
    }
    flush();  // A refusal need not wait for the step.
    if (engine_.has_work()) step();
    inbox_->publish(engine_.stats());  // First: who has read the end finds it counted.
    flush();
  }
  const Error stopped{.code = ErrorCode::kUnavailable,
                      .origin = ErrorOrigin::kInstance,
                      .message = "the engine is stopping"};
  for (const auto& [id, listener] : listeners_) deliver(listener.mailbox, stopped);
  flush();
}

void EngineThread::step() {
  if (engine_.steps_in_flight() == 0) engine_.begin_step();
  engine_.begin_step_ahead();  // While the device is busy, where it takes a second step.
  engine_.end_step(result_);
  const TimePoint now = clock_.now();
  metrics_.observe_step(result_.prefill_tokens + result_.decode_tokens);
  for (const AdmittedEvent& event : result_.admitted) {
    const auto found = listeners_.find(event.request);
    if (found == listeners_.end()) continue;
    metrics_.observe_queue_time(now - result_.device_time - found->second.received);
    deliver(found->second.mailbox, event);
  }
  log_failure();
  for (OutputEvent& event : result_.outputs) deliver_output(std::move(event), now);
  if (result_.has_kv_events) publish_kv_batch();
}

void EngineThread::log_failure() {
  const auto count = result_.outputs.size();
  if (result_.error.empty() || count == 0) return;
  log_.write(LogLevel::kError, "step failed, and " + std::to_string(count) +
                                   (count == 1 ? " request" : " requests") +
                                   " with it: " + result_.error);
}

void EngineThread::deliver_output(OutputEvent event, TimePoint now) {
  const auto found = listeners_.find(event.request);
  if (found == listeners_.end()) return;  // Ended by its reader.
  Listener& listener = found->second;
  if (event.has_token) {
    if (++listener.output_tokens == 1) {
      metrics_.observe_first_token(now - listener.received);
    } else {
      metrics_.observe_inter_token(now - listener.last_token);
    }
    listener.last_token = now;
  }
  const FinishReason finish = event.finish;
  if (finish == FinishReason::kError) {
    deliver(listener.mailbox, Error{.code = ErrorCode::kInternal,
                                    .origin = ErrorOrigin::kInstance,
                                    .message = "the device failed: " + result_.error});
  } else {
    deliver(listener.mailbox, std::move(event));
  }
  if (finish == FinishReason::kNone) return;
  end(listener, reason_of(finish), now);
  requests_.erase(listener.mailbox.get());
  listeners_.erase(found);
}

void EngineThread::carry_out(SubmitCommand& command) {
  const auto prompt_tokens = static_cast<std::int32_t>(command.request.prompt.size());
  const auto id = engine_.submit(std::move(command.request));
  if (!id) {
    deliver(command.mailbox, id.error());
    return;
  }
  requests_.emplace(command.mailbox.get(), *id);
  listeners_.emplace(*id, Listener{.mailbox = std::move(command.mailbox),
                                   .received = command.received,
                                   .prompt_tokens = prompt_tokens});
}

void EngineThread::carry_out(AbortCommand& command) {
  const auto request = requests_.find(command.mailbox.get());
  if (request == requests_.end()) return;  // It has ended meanwhile.
  const auto listener = listeners_.find(request->second);
  end(listener->second, command.reason, clock_.now());
  engine_.abort(request->second);
  listeners_.erase(listener);
  requests_.erase(request);
}

void EngineThread::carry_out(SubscribeCommand& command) {
  const KvEventLog& events = engine_.kv_events();
  const bool is_present = !command.epoch || *command.epoch == events.epoch();
  if (is_present && events.can_replay_from(command.from)) {
    for (const KvEventBatch& batch : events.replay_from(command.from)) {
      send(command.mailbox,
           std::make_shared<const std::string>(kv_batch_event(events.epoch(), batch)));
    }
  } else {
    const auto blocks = engine_.pool().indexed_hashes();
    const auto host_blocks = engine_.pool().host_tier().indexed_hashes();
    for (auto& text :
         kv_snapshot_events(events.epoch(), events.last_sequence(), blocks, host_blocks)) {
      send(command.mailbox, std::make_shared<const std::string>(std::move(text)));
    }
  }
  subscribers_.push_back(std::move(command.mailbox));
}

void EngineThread::carry_out(UnsubscribeCommand& command) {
  std::erase(subscribers_, command.mailbox);
}

void EngineThread::deliver(const std::shared_ptr<OutputMailbox>& mailbox, StreamEvent event) {
  outgoing_[mailbox->io_thread].emplace_back(mailbox, std::move(event));
}

void EngineThread::flush() {
  for (std::size_t thread = 0; thread < outgoing_.size(); ++thread) {
    if (outgoing_[thread].empty()) continue;
    asio::post(io_threads_.executor(thread),
               [inbox = inbox_, deliveries = std::exchange(outgoing_[thread], {})]() mutable {
                 for (auto& [mailbox, event] : deliveries) {
                   // A reader that is too slow gives up its request here and not when it notices.
                   if (mailbox->queue.push(std::move(event))) continue;
                   inbox->push(AbortCommand{.mailbox = mailbox, .reason = "abort"});
                 }
               });
  }
}

void EngineThread::publish_kv_batch() {
  if (subscribers_.empty()) return;
  const KvEventLog& events = engine_.kv_events();
  const auto text =
      std::make_shared<const std::string>(kv_batch_event(events.epoch(), events.last()));
  for (const auto& subscriber : subscribers_) send(subscriber, text);
}

void EngineThread::send(const std::shared_ptr<KvEventMailbox>& mailbox,
                        std::shared_ptr<const std::string> text) {
  asio::post(mailbox->executor, [inbox = inbox_, mailbox, text = std::move(text)] {
    if (!mailbox->queue.push(text)) inbox->push(UnsubscribeCommand{.mailbox = mailbox});
  });
}

void EngineThread::end(const Listener& listener, std::string_view reason, TimePoint now) {
  metrics_.observe_end(reason, now - listener.received, listener.prompt_tokens,
                       listener.output_tokens);
}

}  // namespace ringmaster::engine
