#include "engine/server/server_metrics.h"

#include <map>
#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace ringmaster::engine {
namespace {

using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

// Seconds. From a cached prompt on an idle GPU to a queue of minutes.
const Histogram::BucketBoundaries kRequestSeconds{0.001, 0.005, 0.01, 0.02, 0.04, 0.06,  0.08,
                                                  0.1,   0.25,  0.5,  0.75, 1.0,  2.5,   5.0,
                                                  7.5,   10.0,  20.0, 40.0, 80.0, 160.0, 640.0};
const Histogram::BucketBoundaries kTokenSeconds{
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5};
const Histogram::BucketBoundaries kTokenCounts{
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10'000, 20'000, 50'000, 100'000};

}  // namespace

struct ServerMetrics::Series {
  prometheus::Registry registry;
  Labels labels;
  prometheus::Gauge& running;
  prometheus::Gauge& waiting;
  prometheus::Gauge& kv_usage;
  prometheus::Counter& prefix_queries;
  prometheus::Counter& prefix_hits;
  prometheus::Counter& prompt_tokens;
  prometheus::Counter& output_tokens;
  prometheus::Counter& preemptions;
  prometheus::Gauge& host_blocks;
  prometheus::Gauge& host_blocks_used;
  prometheus::Counter& host_saved;
  prometheus::Counter& host_loaded;
  Histogram& queue_time;
  Histogram& first_token;
  Histogram& inter_token;
  Histogram& end_to_end;
  Histogram& request_prompt;
  Histogram& request_output;
  Histogram& step_tokens;
  prometheus::Family<prometheus::Gauge>& cache_config;
  prometheus::Family<prometheus::Counter>& success;
  std::mutex scraping;  // Two scrapes at once would add the same growth twice.

  explicit Series(const std::string& model_name)
      : labels{{"model_name", model_name}, {"engine", "0"}},
        running(gauge("vllm:num_requests_running", "Requests that take part in steps.")),
        waiting(gauge("vllm:num_requests_waiting", "Requests that wait for their first step.")),
        kv_usage(
            gauge("vllm:kv_cache_usage_perc", "Share of KV blocks held by requests; 1 is all.")),
        prefix_queries(counter("vllm:prefix_cache_queries_total", "Prompt tokens looked up.")),
        prefix_hits(
            counter("vllm:prefix_cache_hits_total", "Prompt tokens found in the prefix cache.")),
        prompt_tokens(counter("vllm:prompt_tokens_total", "Prompt tokens of admitted requests.")),
        output_tokens(counter("vllm:generation_tokens_total", "Output tokens.")),
        preemptions(counter("vllm:num_preemptions_total", "Requests stopped for want of blocks.")),
        host_blocks(gauge("ringmaster_engine_host_tier_blocks",
                          "KV blocks that the host tier has room for.")),
        host_blocks_used(
            gauge("ringmaster_engine_host_tier_blocks_used", "KV blocks in the host tier.")),
        host_saved(counter("ringmaster_engine_host_tier_saved_blocks_total",
                           "KV blocks copied to the host tier.")),
        host_loaded(counter("ringmaster_engine_host_tier_loaded_blocks_total",
                            "KV blocks copied back from it.")),
        queue_time(histogram("vllm:request_queue_time_seconds", "Received to first step.",
                             kRequestSeconds)),
        first_token(histogram("vllm:time_to_first_token_seconds", "Received to first output token.",
                              kRequestSeconds)),
        inter_token(histogram("vllm:inter_token_latency_seconds", "Between two output tokens.",
                              kTokenSeconds)),
        end_to_end(
            histogram("vllm:e2e_request_latency_seconds", "Received to the end.", kRequestSeconds)),
        request_prompt(
            histogram("vllm:request_prompt_tokens", "Prompt tokens of a request.", kTokenCounts)),
        request_output(histogram("vllm:request_generation_tokens", "Output tokens of a request.",
                                 kTokenCounts)),
        step_tokens(
            histogram("vllm:iteration_tokens_total", "Tokens computed in one step.", kTokenCounts)),
        cache_config(prometheus::BuildGauge()
                         .Name("vllm:cache_config_info")
                         .Help("Constants of the KV cache, as labels.")
                         .Register(registry)),
        success(prometheus::BuildCounter()
                    .Name("vllm:request_success_total")
                    .Help("Requests that ended, by reason.")
                    .Register(registry)) {
    for (const char* reason : {"stop", "length", "abort", "error"}) (void)ended(reason);
  }

  prometheus::Gauge& gauge(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
  }
  prometheus::Counter& counter(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
  }
  Histogram& histogram(const std::string& name, const std::string& help,
                       const Histogram::BucketBoundaries& buckets) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(labels,
                                                                                     buckets);
  }
  prometheus::Counter& ended(std::string_view reason) {
    Labels with_reason = labels;
    with_reason.emplace("finished_reason", reason);
    return success.Add(with_reason);
  }
};

ServerMetrics::ServerMetrics(const std::string& model_name)
    : series_(std::make_unique<Series>(model_name)) {}

ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::observe_queue_time(Duration waited) {
  series_->queue_time.Observe(to_seconds(waited));
}

void ServerMetrics::observe_first_token(Duration since_received) {
  series_->first_token.Observe(to_seconds(since_received));
}

void ServerMetrics::observe_inter_token(Duration since_last) {
  series_->inter_token.Observe(to_seconds(since_last));
}

void ServerMetrics::observe_step(std::int32_t tokens) {
  series_->step_tokens.Observe(tokens);
}

void ServerMetrics::observe_end(std::string_view reason, Duration since_received,
                                std::int32_t prompt_tokens, std::int32_t output_tokens) {
  series_->ended(reason).Increment();
  series_->end_to_end.Observe(to_seconds(since_received));
  series_->request_prompt.Observe(prompt_tokens);
  series_->request_output.Observe(output_tokens);
}

std::string ServerMetrics::text(const EngineStats& stats) {
  const std::lock_guard lock(series_->scraping);
  const auto raise = [](prometheus::Counter& counter, std::uint64_t total) {
    counter.Increment(static_cast<double>(total) - counter.Value());
  };
  series_->running.Set(stats.running);
  series_->waiting.Set(stats.waiting);
  series_->kv_usage.Set(stats.kv_usage());
  raise(series_->prefix_queries, stats.prompt_tokens);
  raise(series_->prefix_hits, stats.cached_tokens);
  raise(series_->prompt_tokens, stats.prompt_tokens);
  raise(series_->output_tokens, stats.output_tokens);
  raise(series_->preemptions, stats.preemptions);
  series_->host_blocks.Set(stats.host_block_count);
  series_->host_blocks_used.Set(stats.host_indexed_blocks);
  raise(series_->host_saved, stats.host_saved_blocks);
  raise(series_->host_loaded, stats.host_loaded_blocks);
  series_->cache_config
      .Add({{"engine", "0"},
            {"block_size", std::to_string(stats.block_tokens)},
            {"num_gpu_blocks", std::to_string(stats.block_count)}})
      .Set(1);
  return prometheus::TextSerializer().Serialize(series_->registry.Collect());
}

}  // namespace ringmaster::engine
