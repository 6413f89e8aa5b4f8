#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "base/log.h"
#include "engine/engine.h"
#include "engine/server/engine_server.h"
#include "engine/tiny_tokenizer.h"
#include "http/client.h"
#include "http/server.h"
#include "http/sse.h"
#include "http/steady_clock.h"
#include "tests/engine_check/engine_checks.h"
#include "tests/gpu/figure.h"

namespace ringmaster::engine {
namespace {

namespace asio = boost::asio;
using Times = std::vector<std::chrono::steady_clock::time_point>;  // Of one request's tokens.

constexpr std::size_t kWarmTokens = 16;
constexpr std::chrono::seconds kPatience{120};

/// A tokenizer with a text for every token of a vocabulary, so that each is an event of a stream.
Result<std::shared_ptr<const PromptEncoder>> encoder_for(std::int32_t vocabulary) {
  TinyTokenizer tokenizer = train_tiny_tokenizer(TokenizerStyle::kQwen, std::min(vocabulary, 512));
  for (std::int32_t i = tokenizer.vocabulary_size(); i < vocabulary; ++i) {
    tokenizer.tokens.push_back(" w" + std::to_string(i));
  }
  return PromptEncoder::create({.tokenizer_json = tokenizer_json(tokenizer),
                                .tokenizer_config_json = tokenizer_config_json(tokenizer, 32'768)});
}

TokenVector prompt_of(const ServingOptions& options, std::int32_t request) {
  TokenVector prompt{request};  // No two begin alike.
  while (static_cast<std::int32_t>(prompt.size()) < options.prompt_tokens) {
    prompt.push_back((request * 31 + static_cast<std::int32_t>(prompt.size()) * 7) % 480);
  }
  return prompt;
}

/// Tokens per second from when all requests decode until the first of them ends; 0 if that was
/// never so.
double decode_rate(const std::vector<Times>& requests) {
  auto begin = Times::value_type::min();
  auto end = Times::value_type::max();
  for (const Times& times : requests) {
    if (times.size() <= kWarmTokens) return 0.0;
    begin = std::max(begin, times[kWarmTokens]);
    end = std::min(end, times.back());
  }
  if (end <= begin) return 0.0;
  std::int64_t tokens = 0;
  for (const Times& times : requests) {
    tokens += std::count_if(times.begin(), times.end(),
                            [&](const auto& time) { return time > begin && time <= end; });
  }
  return static_cast<double>(tokens) / std::chrono::duration<double>(end - begin).count();
}

EngineOptions engine_options() {
  return {.scheduler = {.step_tokens_max = 8192}};
}

std::vector<Times> run_loop(Executor& device, const ServingOptions& options, std::string& error) {
  Engine engine(device, engine_options());
  std::vector<Times> times(static_cast<std::size_t>(options.batch));
  for (std::int32_t i = 0; i < options.batch; ++i) {
    const auto id = engine.submit({.prompt = prompt_of(options, i),
                                   .output_tokens_max = options.output_tokens,
                                   .ignores_end_tokens = true});
    if (!id) error = id.error().message;
  }
  StepResult result;
  while (error.empty() && engine.has_work()) {
    if (engine.steps_in_flight() == 0) engine.begin_step();
    engine.begin_step_ahead();
    engine.end_step(result);
    const auto now = std::chrono::steady_clock::now();
    if (!result.error.empty()) error = result.error;
    for (const OutputEvent& event : result.outputs) times[event.request - 1].push_back(now);
  }
  return times;
}

struct Streamed {
  Times times;
  std::string error;
};

asio::awaitable<Streamed> stream(http::Client& client, http::Endpoint endpoint, std::string body) {
  const http::RequestHead head{.method = "POST", .target = "/v1/completions"};
  const http::Deadlines deadlines{.total = kPatience};
  auto sent = co_await client.send(endpoint, head, body, deadlines);
  Streamed streamed;
  if (!sent) {
    streamed.error = sent.error().message;
    co_return streamed;
  }
  if ((*sent)->head().status != 200) {
    const auto rest = co_await (*sent)->read_all(std::size_t{1} << 20U);
    streamed.error = rest ? *rest : rest.error().message;
    co_return streamed;
  }
  http::SseReader reader;
  for (;;) {
    const auto bytes = co_await (*sent)->read_some();
    if (!bytes) streamed.error = bytes.error().message;
    if (!bytes || bytes->empty()) co_return streamed;
    reader.feed(*bytes);
    const auto now = std::chrono::steady_clock::now();
    for (auto event = reader.next(); event && *event; event = reader.next()) {
      const std::string_view data = (*event)->data;
      if (data.starts_with("{\"error\"")) streamed.error = data;
      if (data.starts_with('{')) streamed.times.push_back(now);
    }
  }
}

std::string body_of(const ServingOptions& options, std::int32_t request) {
  std::string body =
      R"({"model":"m","stream":true,"ignore_eos":true,"temperature":0,"max_tokens":)";
  body += std::to_string(options.output_tokens) + ",\"prompt\":[";
  for (const TokenId token : prompt_of(options, request)) body += std::to_string(token) + ",";
  body.back() = ']';
  return body + "}";
}

Result<std::vector<Times>> run_server(Executor& device, const ServingOptions& options) {
  auto encoder = encoder_for(device.model().vocabulary_size);
  if (!encoder) return tl::unexpected(encoder.error());
  NullLog log;
  const http::SteadyClock clock;
  http::IoThreads client_threads(2);
  http::Client client(client_threads, {});
  http::IoThreads server_threads(2);
  EngineServer server(device, *encoder,
                      {.model_name = "m", .version = "check", .engine = engine_options()},
                      server_threads, clock, log);
  http::Server listener(server_threads, server, log, http::ServerOptions{});
  if (auto listening = listener.listen("127.0.0.1:0"); !listening) {
    return tl::unexpected(listening.error());
  }
  const http::Endpoint endpoint{.host = "127.0.0.1", .port = listener.port()};
  std::vector<std::future<Streamed>> streams;
  for (std::int32_t i = 0; i < options.batch; ++i) {
    streams.push_back(asio::co_spawn(client_threads.executor(static_cast<std::size_t>(i) % 2),
                                     stream(client, endpoint, body_of(options, i)),
                                     asio::use_future));
  }
  std::vector<Times> times;
  std::string error;
  for (auto& future : streams) {
    Streamed streamed = future.get();
    if (error.empty()) error = streamed.error;
    times.push_back(std::move(streamed.times));
  }
  listener.close_all();
  client_threads.stop();
  server_threads.stop();
  if (!error.empty()) return fail(ErrorCode::kInternal, ErrorOrigin::kInstance, error);
  return times;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int measure_serving(const DeviceChoice& choice, const ServingOptions& options) {
  const DeviceSize size{
      .blocks = options.batch * ((options.prompt_tokens + options.output_tokens) / 16 + 2),
      .step_tokens_max = 8192};
  auto device = open_large(choice, size);
  if (!device) return refuse(device.error());
  std::vector<double> ratios;
  std::vector<double> loops;
  for (int round = 0; round < options.rounds; ++round) {
    std::string error;
    const auto looped = run_loop(**device, options, error);
    const auto served = run_server(**device, options);
    if (!served && error.empty()) error = served.error().message;
    const double loop = error.empty() ? decode_rate(looped) : 0.0;
    const double http = error.empty() ? decode_rate(*served) : 0.0;
    if (loop == 0.0 || http == 0.0) {
      std::printf("FAIL %s\n",
                  error.empty() ? "requests did not overlap; more --output-tokens" : error.c_str());
      return 1;
    }
    loops.push_back(loop);
    ratios.push_back(http / loop);
  }
  char what[64];
  std::snprintf(what, sizeof what, "HTTP / loop, decode of %d", options.batch);
  char note[64];
  std::snprintf(note, sizeof note, "the loop gives %.0f tokens/s", median(loops));
  print_figure(what, median(ratios), options.ratio_min, note);
  return 0;
}

}  // namespace ringmaster::engine
