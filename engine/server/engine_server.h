#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/server/engine_thread.h"
#include "engine/server/openai_request.h"
#include "engine/server/server_metrics.h"
#include "http/io_threads.h"
#include "http/server.h"
#include "tokens/prompt_encoder.h"

namespace ringmaster::engine {

struct EngineServerOptions {
  std::string model_name;   ///< What clients must ask for.
  std::string version;      ///< For GET /version.
  EngineOptions engine;     ///< model_name is taken from here above.
  std::uint64_t seed = 42;  ///< Of requests that bring none; each then gets another one.
  std::int32_t output_tokens_default = 0;  ///< Of chats that give no limit; 0: the whole context.
  std::size_t queued_events_max = 4096;    ///< A client that is further behind is cut off.
};

/// The engine's HTTP surface: OpenAI's chat and completions, and what a gateway wants to know.
///
/// Requests are checked, tokenized and answered on the IO thread of their connection; the engine
/// thread sees token ids only.
class EngineServer final : public http::Handler {
 public:
  /// All references outlive the server, and so does `encoder`'s tokenizer. Starts the engine.
  EngineServer(Executor& executor, std::shared_ptr<const PromptEncoder> encoder,
               EngineServerOptions options, http::IoThreads& io_threads, const Clock& clock,
               LogSink& log);

  [[nodiscard]] asio::awaitable<void> handle(http::Request& request,
                                             http::ResponseWriter& writer) override;

  /// From now on new requests get 503 with Retry-After; those that run go on.
  void drain() { is_draining_ = true; }

  /// Chats and completions that are being answered.
  [[nodiscard]] std::size_t answers_in_progress() const { return *answers_; }

  [[nodiscard]] EngineStats stats() const { return engine_thread_.inbox()->stats(); }

 private:
  struct Call;

  [[nodiscard]] asio::awaitable<void> generate(Call& call, CallKind kind);
  [[nodiscard]] asio::awaitable<void> stream(Call& call);
  [[nodiscard]] asio::awaitable<void> answer_whole(Call& call);
  [[nodiscard]] asio::awaitable<void> kv_events(Call& call);
  [[nodiscard]] asio::awaitable<void> send(Call& call, http::Response response);
  [[nodiscard]] asio::awaitable<void> send_error(Call& call, const Error& error);

  [[nodiscard]] http::Response plain_answer(const http::Request& request);
  [[nodiscard]] http::Response page_at(std::string_view path);
  [[nodiscard]] std::string load_json() const;
  [[nodiscard]] std::string model_card_json() const;
  [[nodiscard]] Result<TokenVector> encode_prompt(OpenAiRequest& body) const;
  [[nodiscard]] GenerateRequest prepare(Call& call, const OpenAiRequest& body,
                                        TokenVector prompt) const;
  void start(Call& call, const OpenAiRequest& body, GenerateRequest request, TimePoint received);
  template <class Box>
  [[nodiscard]] std::shared_ptr<Box> make_mailbox(std::size_t events_max) const;

  std::shared_ptr<const PromptEncoder> encoder_;
  EngineServerOptions options_;
  http::IoThreads& io_threads_;
  const Clock& clock_;
  std::int64_t created_;  // Seconds since 1970.
  std::int32_t context_tokens_max_;
  ServerMetrics metrics_;
  std::atomic<bool> is_draining_ = false;
  // Shared with the coroutines, whose frames may go after this object.
  std::shared_ptr<std::atomic<std::size_t>> answers_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::uint64_t> requests_ = 0;  // So far.
  EngineThread engine_thread_;
};

}  // namespace ringmaster::engine
