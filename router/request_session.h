#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "http/server.h"
#include "router/open_answer.h"
#include "router/request_context.h"
#include "router/request_hints.h"

namespace ringmaster {

/// The life of one request: read, hash, submit, send, relay; retried before the first byte, ended
/// in an error frame after it.
///
/// Runs on its connection's thread. Whatever way it ends, the scheduler hears of it.
class RequestSession {
 public:
  /// All three outlive the session.
  RequestSession(const RequestContext& context, http::Request& request,
                 http::ResponseWriter& writer);
  ~RequestSession();
  RequestSession(const RequestSession&) = delete;
  RequestSession& operator=(const RequestSession&) = delete;

  [[nodiscard]] boost::asio::awaitable<void> run();

  /// The process is ending: what has begun ends in an error frame, the rest is refused. On the
  /// session's thread.
  void cut_off();

  /// The peer does not answer any more: if this waits for its answer, it waits no longer. On the
  /// session's thread.
  void leave_owner(const Peer& owner);

 private:
  using Ending = boost::asio::awaitable<RequestEnd>;

  /// What the last failed attempt said, for when there is no other.
  struct Failure {
    int status = 503;
    http::Fields fields;
    std::string body;             ///< In OpenAI's form; empty where there was no answer.
    std::string lost_connection;  ///< Which, in a sentence; empty otherwise.
  };
  enum class Next : std::uint8_t { kRelay, kRefuse, kTryAgain, kSendOurselves, kStop };

  [[nodiscard]] Ending answer();
  [[nodiscard]] std::optional<http::Response> prepare();
  [[nodiscard]] std::optional<http::Response> read_body();
  void make_spec(RequestSpec& spec, const DirectoryModel* model,
                 const std::optional<TokenVector>& tokens);
  [[nodiscard]] boost::asio::awaitable<std::optional<TokenVector>> encode_in_pool(
      const DirectoryModel& model);
  [[nodiscard]] Ending attempt_until_answered();
  [[nodiscard]] boost::asio::awaitable<Next> attempt(const Assignment& assignment,
                                                     OpenAnswer& answer);
  Next judge(const Assignment& assignment, Result<OpenAnswer> result, OpenAnswer& answer);
  Next judge_owner(const Assignment& assignment, Result<OpenAnswer> result, OpenAnswer& answer);
  void hear(const LiveInstancePtr& instance, const http::ResponseHead& head) const;
  void fail_attempt(const Assignment& assignment, const Error& error);
  [[nodiscard]] http::Deadlines remaining_deadlines(bool through_owner) const;

  [[nodiscard]] Ending relay(const Assignment& assignment, OpenAnswer answer);
  [[nodiscard]] Ending relay_whole(const Assignment& assignment, OpenAnswer answer);
  [[nodiscard]] Ending relay_stream(const Assignment& assignment, OpenAnswer answer);
  [[nodiscard]] Ending relay_body(const Assignment& assignment, OpenAnswer answer);
  [[nodiscard]] Ending break_stream(const Assignment& assignment, std::string_view why);
  [[nodiscard]] Ending end_with(std::string_view message, std::string_view code);
  [[nodiscard]] Ending refuse(http::Response response);
  [[nodiscard]] Ending refuse(const Refusal& refusal);
  [[nodiscard]] Ending pass_refusal(const Assignment& assignment, OpenAnswer answer);

  [[nodiscard]] const std::string& body_asking_usage();
  void note_output(const Assignment& assignment, const EventBatch& batch);
  void finish(const Assignment& assignment, const AnswerUsage& usage, std::uint32_t output_events);
  void give_up(const Assignment& assignment);
  void name_decision(const Assignment& assignment, const http::Fields& answered,
                     http::Fields& fields) const;
  std::string note_break(const Assignment& assignment);
  void note_end(RequestEnd end);
  [[nodiscard]] std::string sentence(std::string_view about) const;

  // Constant after construction.
  const RequestContext& context_;
  http::Request& request_;
  http::ResponseWriter& writer_;
  TimePoint received_;
  std::uint64_t number_;
  std::string id_;
  std::string forwarded_to_;    ///< The instance that a peer chose, which sent it; empty: none did.
  bool speaks_openai_ = false;  ///< Chat or completions: answers are understood.

  bool is_adapter_ = false;  ///< fields_.model names a LoRA adapter of a model.
  OpenAiRequest fields_;
  RequestHints hints_;  ///< Of the headers; views into the request's.
  http::RequestHead upstream_head_;
  std::string body_asking_usage_;      ///< Empty unless an instance is to be asked for its usage.
  std::shared_ptr<Ticket> ticket_;     ///< Null until submitted, and again once it is over.
  AnswerStream* streaming_ = nullptr;  ///< While it is relayed.
  const Peer* asked_owner_ = nullptr;  ///< While its answer is waited for, and how not to.
  http::AbortHandle* asked_owner_abort_ = nullptr;
  bool is_cut_off_ = false;
  std::optional<Failure> failure_;
  std::uint32_t attempts_ = 0;
  std::size_t counted_bytes_ = 0;  ///< Added to the budget of buffered bytes.
  int status_ = 0;                 ///< Of the answer, once known.
  std::uint32_t prompt_tokens_ = 0;
  std::uint32_t output_tokens_ = 0;
  TimePoint first_token_{};
  TimePoint last_token_{};
};

}  // namespace ringmaster
