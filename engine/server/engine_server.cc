#include "engine/server/engine_server.h"

#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "base/json_text.h"
#include "base/random.h"
#include "engine/server/answer.h"
#include "engine/server/generation.h"
#include "engine/server/openai_format.h"
#include "engine/server/request_id.h"
#include "http/openai_error.h"
#include "http/percent_escapes.h"
#include "http/query_numbers.h"

namespace ringmaster::engine {
namespace {

/// Between two comments on a KV event stream that has nothing to say.
constexpr std::chrono::seconds kHeartbeat{15};
/// Batches that a subscriber may be behind; it is cut off and replays what it missed.
constexpr std::size_t kKvBatchesMax = 10'000;
/// Of a completion that gives no limit, as OpenAI's API documents it.
constexpr std::int32_t kCompletionTokensDefault = 16;

std::int64_t unix_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

http::Response unknown_model(std::string_view asked, const std::string& served) {
  return http::openai_error(
      404,
      "the model '" + std::string(asked) + "' does not exist: this engine serves '" + served + "'",
      "model_not_found", "model");
}

std::string_view prompt_field(CallKind kind) {
  return kind == CallKind::kChat ? "messages" : "prompt";
}

http::Response method_not_allowed(std::string_view allowed) {
  http::Response response =
      http::openai_error(405, "this path takes " + std::string(allowed) + " only");
  response.fields.set("allow", allowed);
  return response;
}

bool is_over(const AnswerDelta& delta) {
  return delta.finish != FinishReason::kNone;
}

/// Counts for as long as it lives.
class CountedAnswer {
 public:
  explicit CountedAnswer(std::shared_ptr<std::atomic<std::size_t>> count)
      : count_(std::move(count)) {
    ++*count_;
  }
  ~CountedAnswer() { --*count_; }
  CountedAnswer(const CountedAnswer&) = delete;
  CountedAnswer& operator=(const CountedAnswer&) = delete;

 private:
  std::shared_ptr<std::atomic<std::size_t>> count_;
};

}  // namespace

/// One call of a client, from its head to the end of its answer.
struct EngineServer::Call {
  http::Request& request;
  http::ResponseWriter& writer;
  std::uint64_t number;  ///< Of all calls, from 1 on.
  std::string id;
  std::unique_ptr<Generation> generation;
  std::unique_ptr<Answer> answer;
  std::unique_ptr<OpenAiFormat> format;
  /// What a refusal of the request would be about, so far as it has come: the field, and OpenAI's
  /// code, a literal. Empty: nothing in particular.
  std::string blamed = {};
  std::string_view refusal_code = {};

  /// Takes events in until the answer is over. Fails with what ended it otherwise.
  [[nodiscard]] Status take(std::vector<StreamEvent> events, AnswerDelta& delta) const {
    for (StreamEvent& event : events) {
      if (auto* error = std::get_if<Error>(&event)) {
        generation->note_ended();
        return tl::unexpected(std::move(*error));
      }
      if (const auto* admitted = std::get_if<AdmittedEvent>(&event)) {
        answer->admit(*admitted);
        continue;
      }
      auto& output = std::get<OutputEvent>(event);
      if (output.finish != FinishReason::kNone) generation->note_ended();
      answer->add(std::move(output), delta);
      if (!is_over(delta)) continue;
      generation->end("stop");  // Only has an effect if it was a stop string.
      break;
    }
    return {};
  }
};

EngineServer::EngineServer(Executor& executor, std::shared_ptr<const PromptEncoder> encoder,
                           EngineServerOptions options, http::IoThreads& io_threads,
                           const Clock& clock, LogSink& log)
    : encoder_(std::move(encoder)),
      options_(std::move(options)),
      io_threads_(io_threads),
      clock_(clock),
      created_(unix_seconds()),
      context_tokens_max_(context_limit(executor, options_.engine)),
      metrics_(options_.model_name),
      engine_thread_(
          executor,
          [this] {
            EngineOptions engine = options_.engine;
            engine.model_name = options_.model_name;
            return engine;
          }(),
          io_threads, clock, metrics_, log) {}

asio::awaitable<void> EngineServer::handle(http::Request& request, http::ResponseWriter& writer) {
  const std::uint64_t number = ++requests_;
  Call call{
      .request = request, .writer = writer, .number = number, .id = request_id(request, number)};
  const std::string_view path = request.path();
  const bool is_chat = path == "/v1/chat/completions";
  if (is_chat || path == "/v1/completions") {
    if (request.method == "POST") {
      co_await generate(call, is_chat ? CallKind::kChat : CallKind::kCompletion);
    } else {
      co_await send(call, method_not_allowed("POST"));
    }
  } else if (path == "/kv_events" && request.method == "GET") {
    co_await kv_events(call);
  } else {
    co_await send(call, plain_answer(request));
  }
}

asio::awaitable<void> EngineServer::send(Call& call, http::Response response) {
  response.fields.set("x-request-id", call.id);
  const Status sent = co_await call.writer.send(std::move(response));
  (void)sent;  // The client has gone; there is nobody to tell.
}

asio::awaitable<void> EngineServer::send_error(Call& call, const Error& error) {
  if (error.code == ErrorCode::kInvalidArgument) {
    http::Response refusal =
        http::openai_error(http::status_of(error), error.message, call.refusal_code, call.blamed);
    co_await send(call, std::move(refusal));
    co_return;
  }
  const bool asks_to_retry =
      error.code == ErrorCode::kOverloaded || error.code == ErrorCode::kUnavailable;
  const std::optional<Duration> retry_after =
      asks_to_retry ? std::optional<Duration>(std::chrono::seconds(1)) : std::nullopt;
  http::Response response = http::openai_error(error, retry_after);
  co_await send(call, std::move(response));
}

http::Response EngineServer::plain_answer(const http::Request& request) {
  auto page = page_at(request.path());
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return page.status == 404 || reads ? page : method_not_allowed("GET");
}

http::Response EngineServer::page_at(std::string_view path) {
  if (path == "/health" || path == "/ping") {
    if (!stats().is_device_lost) return {.status = 200};
    return http::openai_error(503, "the device has failed; only a restart helps", "device_lost");
  }
  if (path == "/version") {
    return http::json_response(200, R"({"version":)" + json_string(options_.version) + "}");
  }
  if (path == "/v1/models") {
    return http::json_response(200, R"({"object":"list","data":[)" + model_card_json() + "]}");
  }
  if (constexpr std::string_view kModels = "/v1/models/"; path.starts_with(kModels)) {
    const std::string name = http::without_percent_escapes(path.substr(kModels.size()));
    return name == options_.model_name ? http::json_response(200, model_card_json())
                                       : unknown_model(name, options_.model_name);
  }
  if (path == "/load") return http::json_response(200, load_json());
  if (path == "/metrics") {
    http::Response response{.status = 200, .body = metrics_.text(stats())};
    response.fields.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return response;
  }
  if (path == "/kv_events") return method_not_allowed("GET");
  return http::openai_error(404, "there is nothing at " + std::string(path), "not_found");
}

std::string EngineServer::model_card_json() const {
  const std::string name = json_string(options_.model_name);
  return R"({"id":)" + name + R"(,"object":"model","created":)" + std::to_string(created_) +
         R"(,"owned_by":"ringmaster","root":)" + name + R"(,"parent":null,"max_model_len":)" +
         std::to_string(context_tokens_max_) + "}";
}

std::string EngineServer::load_json() const {
  const EngineStats now = stats();
  std::string out = R"({"running":)" + std::to_string(now.running) + R"(,"waiting":)" +
                    std::to_string(now.waiting) + R"(,"queued_prefill_tokens":)" +
                    std::to_string(now.queued_prefill_tokens) + R"(,"kv_usage":)";
  append_json_number(out, now.kv_usage());
  out += R"(,"block_tokens":)" + std::to_string(now.block_tokens) + R"(,"block_count":)" +
         std::to_string(now.block_count) + "}";
  return out;
}

Result<TokenVector> EngineServer::encode_prompt(OpenAiRequest& body) const {
  if (auto* chat = std::get_if<ChatRequest>(&body.prompt)) {
    return encoder_->encode_chat(std::move(*chat));
  }
  if (const auto* text = std::get_if<std::string>(&body.prompt)) {
    return encoder_->encode_completion(*text);
  }
  return std::get<TokenVector>(std::move(body.prompt));
}

GenerateRequest EngineServer::prepare(Call& call, const OpenAiRequest& body,
                                      TokenVector prompt) const {
  GenerateRequest generate{.prompt = std::move(prompt),
                           .sampling = body.sampling,
                           .output_tokens_max = body.output_tokens_max,
                           .ignores_end_tokens = body.ignores_end_tokens,
                           .priority = body.priority,
                           .cache_salt = body.cache_salt};
  if (!body.has_seed) generate.sampling.seed = mix64(options_.seed + call.number);
  const auto room = static_cast<std::int64_t>(context_tokens_max_) -
                    static_cast<std::int64_t>(generate.prompt.size());
  const std::int32_t output_default = body.kind == CallKind::kCompletion
                                          ? kCompletionTokensDefault
                                          : options_.output_tokens_default;
  if (generate.output_tokens_max == 0 && output_default < room) {
    generate.output_tokens_max = output_default;
  }
  // The engine will refuse what does not fit, in a word of its own: it knows nothing of fields.
  if (!generate.prompt.empty() && (room < 1 || generate.output_tokens_max > room)) {
    call.refusal_code = "context_length_exceeded";
    if (room >= 1) call.blamed = body.output_limit;
  }
  return generate;
}

template <class Box>
std::shared_ptr<Box> EngineServer::make_mailbox(std::size_t events_max) const {
  const std::size_t thread = io_threads_.current();
  return std::make_shared<Box>(thread, io_threads_.executor(thread), events_max);
}

void EngineServer::start(Call& call, const OpenAiRequest& body, GenerateRequest request,
                         TimePoint received) {
  const bool has_logprobs = body.sampling.logprobs >= 0;
  const std::string prefix = body.kind == CallKind::kChat ? "chatcmpl-" : "cmpl-";
  call.format = std::make_unique<OpenAiFormat>(body.kind, prefix + call.id, options_.model_name,
                                               unix_seconds(), encoder_->tokenizer());
  if (body.includes_usage) call.format->include_usage();
  if (has_logprobs) call.format->include_logprobs();
  call.answer = std::make_unique<Answer>(encoder_->tokenizer(), body.stop, has_logprobs,
                                         static_cast<std::int32_t>(request.prompt.size()));
  auto mailbox = make_mailbox<OutputMailbox>(options_.queued_events_max);
  const auto& inbox = engine_thread_.inbox();
  inbox->push(
      SubmitCommand{.request = std::move(request), .mailbox = mailbox, .received = received});
  call.generation = std::make_unique<Generation>(inbox, std::move(mailbox));
}

asio::awaitable<void> EngineServer::generate(Call& call, CallKind kind) {
  const TimePoint received = clock_.now();
  const CountedAnswer counted(answers_);
  if (is_draining_) {
    const Error draining{.code = ErrorCode::kUnavailable,
                         .origin = ErrorOrigin::kInstance,
                         .message = "the engine is draining"};
    co_await send_error(call, draining);
    co_return;
  }
  if (auto refusal = http::refuse_compressed(call.request.fields)) {
    co_await send(call, std::move(*refusal));
    co_return;
  }
  auto body = parse_openai_request(kind, call.request.body);
  if (!body) {
    call.blamed = body.error().param;
    co_await send_error(call, body.error().error);
    co_return;
  }
  if (body->model != options_.model_name) {
    http::Response unknown = unknown_model(body->model, options_.model_name);
    co_await send(call, std::move(unknown));
    co_return;
  }
  call.blamed = prompt_field(kind);
  Result<TokenVector> prompt = encode_prompt(*body);
  if (!prompt) {
    co_await send_error(call, prompt.error());
    co_return;
  }
  GenerateRequest request = prepare(call, *body, std::move(*prompt));
  start(call, *body, std::move(request), received);
  if (body->is_streamed) {
    co_await stream(call);
  } else {
    co_await answer_whole(call);
  }
}

asio::awaitable<void> EngineServer::answer_whole(Call& call) {
  AnswerDelta all;
  while (!is_over(all)) {
    auto events = co_await call.generation->next();
    Status taken = events ? call.take(std::move(*events), all) : tl::unexpected(events.error());
    if (taken) continue;
    if (taken.error().code != ErrorCode::kCancelled) co_await send_error(call, taken.error());
    co_return;
  }
  http::Response response = http::json_response(200, call.format->body(all, call.answer->usage()));
  co_await send(call, std::move(response));
}

asio::awaitable<void> EngineServer::stream(Call& call) {
  bool is_done = false;
  while (!is_done) {
    auto events = co_await call.generation->next();
    if (!events) co_return;  // Gone, or too slow: the connection is cut.
    AnswerDelta delta;
    const Status taken = call.take(std::move(*events), delta);
    is_done = !taken || is_over(delta);
    std::string text;
    if (!taken && !call.writer.has_started()) {
      co_await send_error(call, taken.error());
      co_return;
    }
    // Nothing to show: only admitted, or text that is held back.
    if (taken && !is_done && delta.text.empty() && delta.tokens.empty()) continue;
    if (!call.writer.has_started()) {
      http::ResponseHead head{.status = 200};
      head.fields.set("content-type", "text/event-stream; charset=utf-8");
      head.fields.set("cache-control", "no-cache");
      head.fields.set("x-accel-buffering", "no");
      head.fields.set("x-request-id", call.id);
      const Status started = co_await call.writer.start(std::move(head));
      if (!started) co_return;
      text = call.format->first_event();
    }
    if (taken) {
      text += call.format->event(delta);
      if (is_done) text += call.format->last_events(call.answer->usage());
    } else {
      text += http::openai_error_event(taken.error().message, "engine_error");
    }
    const Status written = co_await call.writer.write(text);
    if (!written) co_return;
  }
  const Status finished = co_await call.writer.finish();
  (void)finished;
}

asio::awaitable<void> EngineServer::kv_events(Call& call) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  std::array<http::QueryNumber, 2> asked{
      {{.key = "from", .least = 0, .most = kMost}, {.key = "epoch", .least = 0, .most = kMost}}};
  if (auto refusal = http::read_query(call.request.query(), asked)) {
    co_await send(call, *std::move(refusal));
    co_return;
  }
  auto mailbox = make_mailbox<KvEventMailbox>(kKvBatchesMax);
  const auto inbox = engine_thread_.inbox();
  inbox->push(SubscribeCommand{
      .mailbox = mailbox, .epoch = asked[1].value, .from = asked[0].value.value_or(0)});
  struct Subscription {
    std::shared_ptr<EngineInbox> inbox;
    std::shared_ptr<KvEventMailbox> mailbox;
    ~Subscription() { inbox->push(UnsubscribeCommand{.mailbox = mailbox}); }
  };
  const Subscription subscription{.inbox = inbox, .mailbox = mailbox};
  http::ResponseHead head{.status = 200};
  head.fields.set("content-type", "text/event-stream; charset=utf-8");
  head.fields.set("cache-control", "no-cache");
  head.fields.set("x-request-id", call.id);
  const Status started = co_await call.writer.start(std::move(head));
  if (!started) co_return;
  while (true) {
    const auto events = co_await mailbox->queue.next(kHeartbeat);
    std::string text;
    if (events) {
      for (const auto& event : *events) text += *event;
    } else if (events.error().code == ErrorCode::kDeadlineExceeded) {
      text = ": still here\n\n";
    } else {
      co_return;
    }
    const Status written = co_await call.writer.write(text);
    if (!written) co_return;
  }
}

}  // namespace ringmaster::engine
