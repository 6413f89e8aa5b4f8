#include "router/request_session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "base/random.h"
#include "http/openai_error.h"
#include "router/forwarding.h"
#include "router/header_rules.h"
#include "router/run_on.h"
#include "tokens/byte_estimator.h"

namespace ringmaster {
namespace {

namespace asio = boost::asio;
/// Longer bodies are made into tokens in the pool: these take under a millisecond.
constexpr std::size_t kEncodedHereBytesMax = 8 * 1024;
constexpr std::string_view kInstanceFailed = "instance_failed";

bool is_openai_path(std::string_view path) {
  return path == "/v1/chat/completions" || path == "/v1/completions";
}

bool has_json_body(const http::Request& request) {
  if (request.body.empty()) return false;
  const auto* type = request.fields.find("content-type");
  return type == nullptr || type->find("json") != std::string::npos;
}

RequestScanner& scanner() {
  thread_local RequestScanner of_this_thread;
  return of_this_thread;
}

}  // namespace

RequestSession::RequestSession(const RequestContext& context, http::Request& request,
                               http::ResponseWriter& writer)
    : context_(context),
      request_(request),
      writer_(writer),
      received_(context.clock->now()),
      number_(context.next_number->fetch_add(1, std::memory_order_relaxed)),
      id_(request_id_from(request.fields, context.id_seed, number_)),
      forwarded_to_(forwarded_to(request.fields, context.settings->peers.key)) {
  context_.metrics->local().requests_started.add();
  context_.sessions->add(*this);
}

RequestSession::~RequestSession() {
  context_.sessions->remove(*this);
  if (ticket_) context_.strand->cancelled(ticket_);
  if (counted_bytes_ != 0) context_.buffered_bytes->fetch_sub(counted_bytes_);
}

asio::awaitable<void> RequestSession::run() {
  const auto end = co_await answer();
  note_end(end);
}

void RequestSession::cut_off() {
  is_cut_off_ = true;
  if (streaming_ != nullptr) return streaming_->abort();
  if (!ticket_) return;
  ticket_->deliver(
      Refusal{.error = {.code = ErrorCode::kUnavailable, .message = "the gateway is shutting down"},
              .retry_after = std::chrono::seconds(1)});
  ticket_->take_back(std::numeric_limits<std::uint32_t>::max());
}

void RequestSession::leave_owner(const Peer& owner) {
  if (asked_owner_ == &owner) asked_owner_abort_->abort();
}

RequestSession::Ending RequestSession::answer() {
  auto refusal = prepare();
  if (refusal) co_return co_await refuse(std::move(*refusal));
  RequestSpec spec;
  const auto directory = context_.directory->local();
  std::shared_ptr<const DirectoryModel> model;
  if (!fields_.model.empty()) {
    model = directory->find(fields_.model);
    if (!model) {
      model = directory->find_adapter(fields_.model);
      is_adapter_ = model != nullptr;
    }
    if (!model) {
      auto unknown = http::openai_error(404, "the model \"" + fields_.model + "\" does not exist",
                                        "model_not_found", "model");
      co_return co_await refuse(std::move(unknown));
    }
  } else if (directory->models.size() == 1) {
    model = directory->models.begin()->second;
  }
  std::optional<TokenVector> tokens;
  if (model && model->rules.encoder && fields_.prompt != PromptKind::kNone) {
    if (request_.body.size() <= kEncodedHereBytesMax) {
      tokens = encode_prompt(model->rules, fields_.prompt, request_.body, scanner().prompt_text());
    } else {
      tokens = co_await encode_in_pool(*model);
    }
  }
  make_spec(spec, model.get(), tokens);
  ticket_ = std::make_shared<Ticket>(co_await asio::this_coro::executor);
  ticket_->forwarded_to = forwarded_to_;
  if (!forwarded_to_.empty()) context_.metrics->local().requests_from_peers.add();
  context_.strand->submit(ticket_, model ? model->rules.model : std::string(), std::move(spec));
  context_.metrics->local().overhead.record(context_.clock->now() - received_);
  co_return co_await attempt_until_answered();
}

/// `model` outlives the call. Other requests of this thread run meanwhile.
asio::awaitable<std::optional<TokenVector>> RequestSession::encode_in_pool(
    const DirectoryModel& model) {
  std::function<std::optional<TokenVector>()> work = [&model, kind = fields_.prompt,
                                                      body = std::string_view(request_.body),
                                                      text = std::string(scanner().prompt_text())] {
    return encode_prompt(model.rules, kind, body, text);
  };
  auto tokens = co_await run_on<std::optional<TokenVector>>(context_.pool, std::move(work));
  if (!tokens) {
    // They used the scanner; without tokens this request needs it again.
    const auto again = scanner().scan(request_.body);
    static_cast<void>(again);
  }
  co_return tokens;
}

/// Everything that can be refused without asking the scheduler.
std::optional<http::Response> RequestSession::prepare() {
  const auto& limits = context_.settings->limits;
  const auto before = context_.buffered_bytes->fetch_add(request_.body.size());
  counted_bytes_ = request_.body.size();
  if (before + counted_bytes_ > limits.buffer_bytes) {
    const Error full{.code = ErrorCode::kUnavailable,
                     .message = "the gateway holds as many bytes of requests as it may"};
    return http::openai_error(full, std::chrono::seconds(1));
  }
  speaks_openai_ = is_openai_path(request_.path());
  if (speaks_openai_ && request_.method != "POST") {
    auto refusal = http::openai_error(405, "this route takes POST, not " + request_.method);
    refusal.fields.set("allow", "POST");
    return refusal;
  }
  if (speaks_openai_) {
    if (auto refusal = http::refuse_compressed(request_.fields)) return refusal;
  }
  if (auto refusal = read_body()) return refusal;
  const auto hints = read_request_hints(request_.fields, context_.settings->headers);
  if (!hints) return http::openai_error(hints.error());
  hints_ = *hints;
  const bool forwards_key = context_.settings->api_keys.empty();
  upstream_head_.method = request_.method;
  upstream_head_.target = request_.target;
  upstream_head_.fields = forwarded_request_fields(request_.fields, forwards_key);
  upstream_head_.fields.add("x-request-id", id_);
  return std::nullopt;
}

/// What is no JSON on another route than the two that are known is the instance's affair.
std::optional<http::Response> RequestSession::read_body() {
  if (!speaks_openai_ && !has_json_body(request_)) return std::nullopt;
  auto scanned = scanner().scan(request_.body);
  if (!scanned) {
    if (!speaks_openai_) return std::nullopt;
    return http::openai_error(400, scanned.error().message, {}, scanner().fault_field());
  }
  fields_ = std::move(*scanned);
  if (speaks_openai_ && fields_.model.empty()) {
    return http::openai_error(400, "\"model\" is missing: name the model that should answer", {},
                              "model");
  }
  return std::nullopt;
}

void RequestSession::make_spec(RequestSpec& spec, const DirectoryModel* model,
                               const std::optional<TokenVector>& tokens) {
  RequestHints hints = hints_;
  if (hints.adapter.empty() && is_adapter_) hints.adapter = fields_.model;
  PromptPrefix prefix;
  if (model != nullptr && fields_.prompt != PromptKind::kNone) {
    std::string salt = fields_.cache_salt;
    if (!hints.tenant.empty()) salt = std::string(hints.tenant) + '\n' + salt;
    prefix = prompt_prefix(model->rules, fields_, scanner(), tokens,
                           {.adapter = hints.adapter, .salt = salt});
    spec.block_tokens = model->rules.block_tokens;
  } else {
    // Nothing to hash: a chain of its own, so that such requests spread over the fleet.
    prefix.chain.push_back({.low = mix64(number_), .high = context_.id_seed});
    prefix.prompt_tokens = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(estimate_tokens(request_.body.size()), 1'000'000));
  }
  prompt_tokens_ = prefix.prompt_tokens;
  spec.session = name_hash(hints.session);
  spec.tenant = name_hash(hints.tenant);
  spec.adapter = name_hash(hints.adapter);
  spec.priority = hints.priority;
  spec.steps_to_execution = hints.steps_to_execution;
  spec.output_tokens_max = fields_.output_tokens_max.value_or(0);
  spec.first_token_visible = fields_.stream;
  // What a peer forwarded is in that one's trace.
  if (context_.trace != nullptr && speaks_openai_ && forwarded_to_.empty()) {
    context_.trace->arrived({.number = number_,
                             .time = received_,
                             .prompt_tokens = prefix.prompt_tokens,
                             .block_tokens = spec.block_tokens,
                             .session = spec.session,
                             .tenant = spec.tenant,
                             .adapter = spec.adapter,
                             .priority = spec.priority,
                             .steps_to_execution = spec.steps_to_execution,
                             .chain = prefix.chain});
  }
  spec.chain = std::move(prefix.chain);
  spec.prompt_tokens = prefix.prompt_tokens;
}

RequestSession::Ending RequestSession::attempt_until_answered() {
  while (true) {
    auto assignment = co_await ticket_->next();
    if (!assignment) {
      if (assignment.error().error.code == ErrorCode::kCancelled) co_return RequestEnd::kClientGone;
      co_return co_await refuse(assignment.error());
    }
    if (++attempts_ == 1) {
      context_.metrics->local().queue_time.record(context_.clock->now() - received_);
    }
    OpenAnswer answer;
    auto next = co_await attempt(*assignment, answer);
    if (next == Next::kSendOurselves) {
      assignment->owner = nullptr;
      next = co_await attempt(*assignment, answer);
    }
    if (next == Next::kStop) co_return RequestEnd::kClientGone;
    if (next == Next::kRefuse) co_return co_await pass_refusal(*assignment, std::move(answer));
    if (next == Next::kRelay) co_return co_await relay(*assignment, std::move(answer));
  }
}

http::Deadlines RequestSession::remaining_deadlines(bool through_owner) const {
  const auto& settings = context_.settings->deadlines;
  http::Deadlines deadlines{.connect = settings.connect,
                            .first_byte = settings.first_byte,
                            .idle = settings.idle,
                            .total = settings.total};
  if (through_owner && deadlines.first_byte.count() != 0) {
    // It may hold the request first, as long as we would.
    deadlines.first_byte += std::chrono::duration_cast<std::chrono::milliseconds>(
        context_.settings->scheduler.queue_wait_max);
  }
  if (settings.total.count() == 0) return deadlines;
  const auto spent =
      std::chrono::duration_cast<std::chrono::milliseconds>(context_.clock->now() - received_);
  deadlines.total = std::max(settings.total - spent, std::chrono::milliseconds(1));
  return deadlines;
}

asio::awaitable<RequestSession::Next> RequestSession::attempt(const Assignment& assignment,
                                                              OpenAnswer& answer) {
  const auto& instance = *assignment.instance;
  const Peer* const owner = assignment.owner.get();
  http::RequestHead head_to_owner;
  if (owner == nullptr) {
    instance.live.attempts.fetch_add(1, std::memory_order_relaxed);
    instance.adapter->prepare(instance.link, upstream_head_.fields);
  } else {
    context_.metrics->local().requests_forwarded.add();
    const auto& settings = *context_.settings;
    head_to_owner = forwarding_head(upstream_head_, request_.fields, settings.headers,
                                    instance.spec.name, settings.peers.key);
  }
  http::AbortHandle abort;
  const bool asks_usage = owner == nullptr && instance.asks_usage && speaks_openai_ &&
                          fields_.stream && !fields_.has_stream_options;
  const AttemptRequest request{.endpoint = owner ? &owner->endpoint : &instance.link.endpoint,
                               .head = owner ? &head_to_owner : &upstream_head_,
                               .body = asks_usage ? body_asking_usage() : request_.body,
                               .deadlines = remaining_deadlines(owner != nullptr),
                               .event_bytes_max = context_.settings->limits.event_bytes,
                               .strips_usage = asks_usage,
                               .speaks_openai = speaks_openai_,
                               .abort = &abort};
  ticket_->begin_attempt(assignment.attempt, abort);
  asked_owner_ = owner;
  asked_owner_abort_ = &abort;
  auto outcome = co_await open_answer(instance, request);
  asked_owner_ = nullptr;
  if (ticket_->end_attempt()) co_return Next::kTryAgain;
  co_return owner != nullptr ? judge_owner(assignment, std::move(outcome), answer)
                             : judge(assignment, std::move(outcome), answer);
}

/// The body with one key more, made on first use. It names a model, so there is a key to follow.
const std::string& RequestSession::body_asking_usage() {
  constexpr std::string_view kAsked = R"("stream_options":{"include_usage":true},)";
  if (!body_asking_usage_.empty()) return body_asking_usage_;
  body_asking_usage_.reserve(request_.body.size() + kAsked.size());
  body_asking_usage_ = request_.body;
  body_asking_usage_.insert(body_asking_usage_.find('{') + 1, kAsked);
  context_.buffered_bytes->fetch_add(body_asking_usage_.size());
  counted_bytes_ += body_asking_usage_.size();
  return body_asking_usage_;
}

/// Nothing has gone to the client yet: relay this answer, or let the scheduler find another.
RequestSession::Next RequestSession::judge(const Assignment& assignment, Result<OpenAnswer> result,
                                           OpenAnswer& answer) {
  if (!result) {
    if (result.error().code == ErrorCode::kCancelled) return Next::kStop;
    fail_attempt(assignment, result.error());
    return Next::kTryAgain;
  }
  const auto& instance = *assignment.instance;
  hear(assignment.instance, result->head);
  if (!is_worth_a_retry(result->head.status)) {
    answer = std::move(*result);
    return Next::kRelay;
  }
  failure_ =
      Failure{.status = result->head.status,
              .fields = forwarded_response_fields(result->head.fields),
              .body = instance.adapter->openai_error(result->head.status, std::move(result->body)),
              .lost_connection = {}};
  context_.strand->attempt_failed(ticket_, assignment.attempt, false);
  return Next::kTryAgain;
}

/// Through its owner: that one has retried where a retry is worth it. What is wrong between
/// gateways costs the request nothing: it goes to the instance without the owner then.
RequestSession::Next RequestSession::judge_owner(const Assignment& assignment,
                                                 Result<OpenAnswer> result, OpenAnswer& answer) {
  const auto& owner = assignment.owner;
  std::string problem;
  if (result) {
    const int status = result->head.status;
    const auto judgement = ringmaster::judge_owner(result->head);
    answer = std::move(*result);
    if (judgement == OwnerAnswer::kOfInstance) return Next::kRelay;
    if (judgement == OwnerAnswer::kFinal) return Next::kRefuse;
    problem = "it answers " + std::to_string(status);
    // The rest is about this request, and says nothing of the peer.
    if (status == 401 || status >= 500) context_.on_peer_trouble(owner);
    answer = OpenAnswer();
  } else {
    if (result.error().code == ErrorCode::kCancelled) return Next::kStop;
    problem = result.error().message;
    context_.on_peer_trouble(owner);
  }
  if (context_.log->enabled(LogLevel::kWarn)) {
    context_.log->write(LogLevel::kWarn, sentence("peer=" + owner->id +
                                                  " instance=" + assignment.instance->spec.name +
                                                  " sent without its owner: " + problem));
  }
  return Next::kSendOurselves;
}

void RequestSession::hear(const LiveInstancePtr& instance, const http::ResponseHead& head) const {
  instance->heard(context_.clock->now());
  if (const auto report = instance->adapter->report_in(head)) {
    context_.strand->tell(instance->link.model, instance,
                          InstanceReported{.instance = instance->id, .report = *report});
  }
}

void RequestSession::fail_attempt(const Assignment& assignment, const Error& error) {
  const auto& instance = *assignment.instance;
  const bool is_late = error.code == ErrorCode::kDeadlineExceeded;
  const bool is_ours = error.origin == ErrorOrigin::kRouter;
  const std::string who = "instance " + instance.spec.name;
  if (!is_ours) instance.live.failures.fetch_add(1, std::memory_order_relaxed);
  const std::string what =
      is_ours ? "the gateway itself has no connection to spare"
              : who + " failed: " + (is_late ? "no answer in time" : "connection lost");
  failure_ = Failure();
  if (is_late) {
    failure_->status = 504;
    failure_->body = http::openai_error_body(504, what, kInstanceFailed);
  } else {
    failure_->lost_connection = what;
  }
  if (context_.log->enabled(LogLevel::kWarn)) {
    context_.log->write(LogLevel::kWarn, sentence(who + " attempt failed: " + error.message));
  }
  // An answer that is late or too large leaves the instance where it is.
  const bool is_lost = !is_ours && error.code == ErrorCode::kUnavailable;
  context_.strand->attempt_failed(ticket_, assignment.attempt, is_lost);
  // Only then: that the instance is well again has to be the later word.
  if (!is_ours) context_.on_instance_trouble(assignment.instance, is_lost);
}

RequestSession::Ending RequestSession::refuse(http::Response response) {
  status_ = response.status;
  response.fields.set("x-request-id", id_);
  const auto sent = co_await writer_.send(std::move(response));
  co_return sent ? RequestEnd::kRefusedByUs : RequestEnd::kClientGone;
}

/// The scheduler has no instance (any more): what the last one said is better than that.
RequestSession::Ending RequestSession::refuse(const Refusal& refusal) {
  auto response = http::openai_error(refusal.error, refusal.retry_after);
  if (failure_ && !failure_->lost_connection.empty()) {
    // Others may take it soon, so the status stays that of the refusal.
    response.body = http::openai_error_body(
        response.status, refusal.error.message + "; " + failure_->lost_connection, kInstanceFailed);
  } else if (failure_) {
    response.status = failure_->status;
    response.body = std::move(failure_->body);
    if (const auto* after = failure_->fields.find("retry-after")) {
      response.fields.set("retry-after", *after);
    }
  }
  // The gateway has tried elsewhere already; a client that does it again makes it worse.
  if (attempts_ >= 2) response.fields.set("x-should-retry", "false");
  // Where the scheduler had nothing to try, another gateway may know better.
  const bool had_its_turn = attempts_ > 0 || refusal.error.code != ErrorCode::kUnavailable;
  if (!forwarded_to_.empty() && had_its_turn && !is_cut_off_) {
    response.fields.set(std::string(kFinalField), "true");
  }
  co_return co_await refuse(std::move(response));
}

/// The owner has refused for good: its word is ours.
RequestSession::Ending RequestSession::pass_refusal(const Assignment& assignment,
                                                    OpenAnswer answer) {
  give_up(assignment);
  http::Response response;
  response.status = answer.head.status;
  response.fields = forwarded_response_fields(answer.head.fields);
  response.body = std::move(answer.body);
  co_return co_await refuse(std::move(response));
}

void RequestSession::note_end(RequestEnd end) {
  auto& shard = context_.metrics->local();
  const auto now = context_.clock->now();
  constexpr int kClientClosed = 499;
  const int status = end == RequestEnd::kClientGone ? kClientClosed : status_;
  shard.requests_ended.add();
  shard.requests_by_end[static_cast<std::size_t>(end)].add();
  shard.requests_by_status[static_cast<std::size_t>(std::clamp(status, 0, 599))].add();
  shard.output_tokens.add(output_tokens_);
  if (end == RequestEnd::kAnswered) {
    shard.e2e.record(now - received_);
    shard.prompt_tokens.add(prompt_tokens_);
  }
  if (context_.trace != nullptr && speaks_openai_) context_.trace->ended(number_, output_tokens_);
  if (!context_.log->enabled(LogLevel::kDebug)) return;
  context_.log->write(
      LogLevel::kDebug,
      sentence("path=" + std::string(request_.path()) + " status=" + std::to_string(status) +
               " attempts=" + std::to_string(attempts_) + " prompt_tokens=" +
               std::to_string(prompt_tokens_) + " output_tokens=" + std::to_string(output_tokens_) +
               " seconds=" + std::to_string(to_seconds(now - received_))));
}

std::string RequestSession::sentence(std::string_view about) const {
  return "request=" + id_ + " " + std::string(about);
}

}  // namespace ringmaster
