#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>

#include "engine_adapters/answer_reader.h"
#include "router/model_fleet.h"
#include "router/run_on.h"

namespace ringmaster {

/// The one place where schedulers are called: one per model, all on one strand.
///
/// Sessions call from any thread; what they say is handed to the strand in order (inline where
/// they run on its thread) and answers come through the ticket.
class SchedulerStrand {
 public:
  /// `context.executor` runs one thing at a time. What it points to outlives the executor's work.
  SchedulerStrand(ModelFleet::Context context, SchedulerOptions options);

  // --- Any thread ----------------------------------------------------------------------------

  /// spec.id is given on the strand. An empty model: the fleet with the least work per instance.
  void submit(std::shared_ptr<Ticket> ticket, std::string model, RequestSpec spec);
  void first_token(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt);
  /// The last word about a request that was answered.
  void finished(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt,
                std::uint32_t output_tokens, const AnswerUsage& usage);
  /// Nothing has gone to the client: the ticket will hear more. `lost_instance`: see RequestFailed.
  void attempt_failed(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt,
                      bool lost_instance);
  /// The last word about a request whose answer broke off.
  void failed(const std::shared_ptr<Ticket>& ticket, std::uint32_t attempt);
  void cancelled(const std::shared_ptr<Ticket>& ticket);

  /// An event about an instance of a model; ignored if it has left meanwhile.
  void tell(std::string model, LiveInstancePtr instance, Event event);

  /// Runs `question` on the strand and returns its answer. Not cancelled by anything, but soon
  /// over.
  template <class Answer>
  [[nodiscard]] boost::asio::awaitable<Answer> ask(
      std::function<Answer(SchedulerStrand&)> question);

  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return context_.executor; }

  // --- Strand only ---------------------------------------------------------------------------

  /// The fleet of a model, made on first use. Fails as Scheduler::create() does.
  [[nodiscard]] Result<ModelFleet*> fleet_for(const std::string& model);
  [[nodiscard]] const std::map<std::string, std::unique_ptr<ModelFleet>, std::less<>>& fleets()
      const {
    return fleets_;
  }

 private:
  [[nodiscard]] ModelFleet* least_loaded_fleet() const;

  template <class Function>
  void on_strand(Function&& function) {
    boost::asio::dispatch(context_.executor, std::forward<Function>(function));
  }

  ModelFleet::Context context_;
  SchedulerOptions options_;

  // Strand only.
  std::map<std::string, std::unique_ptr<ModelFleet>, std::less<>> fleets_;
  std::uint64_t next_request_ = 1;
};

template <class Answer>
boost::asio::awaitable<Answer> SchedulerStrand::ask(
    std::function<Answer(SchedulerStrand&)> question) {
  std::function<Answer()> work = [this, question = std::move(question)] { return question(*this); };
  co_return co_await run_on<Answer>(context_.executor, std::move(work));
}

}  // namespace ringmaster
