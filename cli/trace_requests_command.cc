#include "cli/trace_requests_command.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/json_writer.h"
#include "cli/command_error.h"
#include "cli/text_file.h"
#include "cli/trace_file.h"
#include "sim/arrivals.h"
#include "sim/prompt_tokens.h"
#include "sim/workload.h"

namespace ringmaster {
namespace {

struct RequestFlags {
  std::string input;
  std::string output = "-";
  std::string model;
  sim::WorkloadOptions workload;
  sim::ArrivalOptions arrivals;
};

/// One line: when, and the body of a POST to /v1/completions.
std::string request_line(const RequestFlags& flags, const sim::WorkloadRequest& request,
                         Duration arrival, const TokenVector& prompt) {
  JsonWriter json;
  json.begin_object().member("at_seconds", to_seconds(arrival)).key("body").begin_object();
  json.member("model", flags.model).member("max_tokens", request.output_tokens);
  json.member("ignore_eos", true).member("stream", true);
  json.key("stream_options").begin_object().member("include_usage", true).end_object();
  json.key("prompt").begin_array();
  for (const TokenId token : prompt) json.value(token);
  json.end_array().end_object().end_object();
  return json.take() + "\n";
}

Result<std::string> request_lines(const RequestFlags& flags) {
  const auto trace = load_trace(flags.input);
  if (!trace) return tl::unexpected(trace.error());
  const auto workload = sim::Workload::make(*trace, flags.workload);
  if (!workload) return tl::unexpected(workload.error());
  const auto arrivals = sim::plan_arrivals(workload->requests(), flags.arrivals);
  if (!arrivals) return tl::unexpected(arrivals.error());
  std::string lines;
  for (std::size_t i = 0; i < arrivals->size(); ++i) {
    const sim::WorkloadRequest& request = workload->requests()[i];
    const auto ids = trace->ids_of(trace->records[flags.workload.skip + i]);
    const auto prompt = sim::prompt_tokens_of(ids, request.prompt_tokens, i);
    lines += request_line(flags, request, (*arrivals)[i], prompt);
  }
  return lines;
}

int write_requests(const RequestFlags& flags) {
  const auto lines = request_lines(flags);
  if (!lines) return complain(lines.error());
  const auto status = write_text(flags.output, *lines);
  return status ? 0 : complain(status.error());
}

}  // namespace

void add_trace_requests(CLI::App& trace, int& exit_code) {
  auto flags = std::make_shared<RequestFlags>();
  auto* command = trace.add_subcommand(
      "requests", "Write a trace as requests that can be sent to a live server, one JSON a line");
  command->add_option("input", flags->input, "Trace, - for standard input")->required();
  command->add_option("-o,--output", flags->output, "File to write, - for standard output")
      ->capture_default_str();
  command->add_option("--model", flags->model, "Name that the requests ask for")->required();
  command->add_option("--qps", flags->arrivals.qps, "Mean rate of the requests after --warmup")
      ->required()
      ->check(CLI::Range(1e-6, 1e6));
  command->add_option("--skip", flags->workload.skip, "Records left out at the start");
  command->add_option("--requests", flags->workload.requests, "Records taken; 0: all that follow");
  command->add_option("--warmup", flags->arrivals.warmup_requests,
                      "First requests, which --qps does not count");
  command->add_option("--warmup-qps", flags->arrivals.warmup_qps, "Their rate; 0: as the rest");
  command->add_option("--prompt-tokens-max", flags->workload.prompt_tokens_max,
                      "Longer prompts are cut; 0: none is");
  command->footer(
      "A line is {\"at_seconds\": s, \"body\": {...}}; the body goes to /v1/completions. Prompts "
      "are\n"
      "made-up tokens, equal where the trace's ids are; arrivals are those of `ringmaster sim`.\n"
      "Example:\n  ringmaster trace requests conversation_trace.jsonl --model sim --qps 2 "
      "--requests 100 -o requests.jsonl");
  command->callback([flags, &exit_code] { exit_code = write_requests(*flags); });
}

}  // namespace ringmaster
