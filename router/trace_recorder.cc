#include "router/trace_recorder.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/random.h"

namespace ringmaster {
namespace {

constexpr std::uint32_t kTraceBlockTokens = 512;
constexpr std::size_t kPendingMax = 65'536;

/// The optional fields of a record, those that say something, with a comma behind each.
std::string labels_of(const TraceRecorder::Arrival& arrival) {
  std::string text;
  const auto add = [&](const char* name, std::uint64_t value) {
    if (value != 0) ((text += '"') += name) += "\": " + std::to_string(value) + ", ";
  };
  const auto add_name = [&](const char* name, std::uint64_t hash) {
    add(name, hash == 0 ? 0 : mix64(hash) >> 11U);
  };
  add_name("session", arrival.session);
  add_name("tenant", arrival.tenant);
  add_name("adapter", arrival.adapter);
  if (arrival.priority != 0) text += "\"priority\": " + std::to_string(arrival.priority) + ", ";
  add("steps_to_execution", arrival.steps_to_execution);
  return text;
}

}  // namespace

std::vector<std::uint64_t> trace_ids(const PrefixChain& chain, std::uint32_t block_tokens,
                                     std::uint32_t prompt_tokens, std::uint64_t request) {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t begin = 0; begin < prompt_tokens; begin += kTraceBlockTokens) {
    const auto end = std::min<std::uint64_t>(begin + kTraceBlockTokens, prompt_tokens);
    const auto blocks = std::min<std::uint64_t>(end / block_tokens, chain.size());
    const bool is_named = blocks * block_tokens > begin;
    const auto name = is_named ? chain[blocks - 1].low : request * 0x9e3779b97f4a7c15ULL;
    ids.push_back(mix64(name + begin) >> 11U);
  }
  return ids;
}

TraceRecorder::TraceRecorder(boost::asio::any_io_executor executor, LineSink& sink, TimePoint start)
    : executor_(std::move(executor)), sink_(&sink), start_(start) {}

void TraceRecorder::arrived(Arrival arrival) {
  boost::asio::post(executor_, [this, arrival = std::move(arrival)] { add(arrival); });
}

void TraceRecorder::ended(std::uint64_t number, std::uint32_t output_tokens) {
  boost::asio::post(executor_, [this, number, output_tokens] {
    const auto found = std::find_if(pending_.begin(), pending_.end(),
                                    [&](const auto& item) { return item.number == number; });
    if (found == pending_.end()) return;
    found->output_tokens = output_tokens;
    found->is_over = true;
    write_ready();
  });
}

void TraceRecorder::add(const Arrival& arrival) {
  // Threads hand arrivals in slightly out of order; a trace's times never go back.
  last_ = std::max(last_, arrival.time);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(last_ - start_);
  std::string line = R"({"timestamp": )" +
                     std::to_string(std::max<std::int64_t>(0, milliseconds.count())) +
                     R"(, "input_length": )" + std::to_string(arrival.prompt_tokens) + ", " +
                     labels_of(arrival) + R"("hash_ids": [)";
  const char* separator = "";
  for (const auto id :
       trace_ids(arrival.chain, arrival.block_tokens, arrival.prompt_tokens, arrival.number)) {
    (line += separator) += std::to_string(id);
    separator = ", ";
  }
  pending_.push_back({.number = arrival.number, .line = std::move(line)});
  if (pending_.size() > kPendingMax) pending_.front().is_over = true;
  write_ready();
}

void TraceRecorder::write_ready() {
  while (!pending_.empty() && pending_.front().is_over) {
    auto& first = pending_.front();
    sink_->write_line(first.line + R"(], "output_length": )" + std::to_string(first.output_tokens) +
                      "}");
    pending_.pop_front();
  }
}

}  // namespace ringmaster
