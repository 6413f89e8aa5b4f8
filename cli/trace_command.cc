#include "cli/trace_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/text_file.h"
#include "cli/trace_file.h"
#include "cli/trace_requests_command.h"
#include "cli/trace_synthesize_command.h"
#include "sim/arrivals.h"
#include "sim/trace_stats.h"

namespace ringmaster {
namespace {

struct StatsFlags {
  std::vector<std::string> files;
  std::string json;
};

struct ConvertFlags {
  std::string input;
  std::string output = "-";
  std::size_t skip = 0;
  std::size_t requests = 0;
  double qps = 0;
  bool renumber = false;
};

int print_stats(const StatsFlags& flags) {
  std::vector<sim::TraceStats> stats;
  for (const std::string& file : flags.files) {
    const auto trace = load_trace(file);
    if (!trace) return complain(trace.error());
    stats.push_back(sim::trace_stats(*trace, trace_name(file)));
  }
  if (!flags.json.empty()) {
    if (auto status = write_text(flags.json, sim::to_json(stats)); !status) {
      return complain(status.error());
    }
  }
  if (flags.json != "-") std::fputs(sim::to_table(stats).c_str(), stdout);
  return 0;
}

/// Drops all but a window of the records.
Status cut(sim::Trace& trace, const ConvertFlags& flags) {
  const std::size_t available = trace.records.size() - std::min(flags.skip, trace.records.size());
  if (available == 0 || flags.requests > available) {
    return invalid(flags.input + ": expected more than the " +
                   std::to_string(trace.records.size()) + " records it has for this window");
  }
  const std::size_t count = flags.requests == 0 ? available : flags.requests;
  const auto begin = trace.records.begin() + static_cast<std::ptrdiff_t>(flags.skip);
  trace.records = {begin, begin + static_cast<std::ptrdiff_t>(count)};
  return {};
}

/// Gives the records the arrivals that the simulator would replay them at.
Status pace(sim::Trace& trace, double qps) {
  auto workload = sim::Workload::make(trace, {});
  if (!workload) return tl::unexpected(std::move(workload).error());
  const auto arrivals = sim::plan_arrivals(workload->requests(), {.qps = qps});
  if (!arrivals) return tl::unexpected(arrivals.error());
  for (std::size_t i = 0; i < trace.records.size(); ++i) {
    trace.records[i].timestamp = (*arrivals)[i];
  }
  return {};
}

int convert(const ConvertFlags& flags) {
  auto trace = load_trace(flags.input);
  if (!trace) return complain(trace.error());
  if (auto status = cut(*trace, flags); !status) return complain(status.error());
  if (flags.qps > 0) {
    if (auto status = pace(*trace, flags.qps); !status) return complain(status.error());
  } else {
    const Duration start = trace->records.front().timestamp;
    for (sim::TraceRecord& record : trace->records) record.timestamp -= start;
  }
  if (flags.renumber) sim::number_ids_by_appearance(*trace);
  const auto status = write_text(flags.output, sim::write_trace(*trace));
  return status ? 0 : complain(status.error());
}

void add_stats(CLI::App& trace, int& exit_code) {
  auto flags = std::make_shared<StatsFlags>();
  auto* command = trace.add_subcommand("stats", "Lengths, rate and prefix reuse of traces");
  command->add_option("files", flags->files, "Traces in the Mooncake format, - for standard input")
      ->required();
  command->add_option("--json", flags->json, "Write JSON to FILE; - prints it instead of the table")
      ->type_name("FILE");
  command->footer("Example:\n  ringmaster trace stats conversation_trace.jsonl --json -");
  command->callback([flags, &exit_code] { exit_code = print_stats(*flags); });
}

void add_convert(CLI::App& trace, int& exit_code) {
  auto flags = std::make_shared<ConvertFlags>();
  auto* command = trace.add_subcommand(
      "convert", "Check a trace and write a window of it, from time 0, in the Mooncake format");
  command->add_option("input", flags->input, "Trace, - for standard input")->required();
  command->add_option("-o,--output", flags->output, "File to write, - for standard output")
      ->capture_default_str();
  command->add_option("--skip", flags->skip, "Records left out at the start");
  command->add_option("--requests", flags->requests, "Records taken; 0: all that follow");
  command
      ->add_option("--qps", flags->qps,
                   "Spread equal timestamps and scale all gaps to this mean rate")
      ->check(CLI::Range(1e-6, 1e6));
  command->add_flag("--renumber", flags->renumber, "Number hash_ids from 0 in order of appearance");
  command->footer(
      "Example:\n  ringmaster trace convert conversation_trace.jsonl --requests 100 --qps 2 -o "
      "small.jsonl");
  command->callback([flags, &exit_code] { exit_code = convert(*flags); });
}

}  // namespace

void add_trace_command(CLI::App& app, int& exit_code) {
  auto* trace = app.add_subcommand("trace", "Describe, cut and make traces");
  trace->require_subcommand(1);
  add_stats(*trace, exit_code);
  add_convert(*trace, exit_code);
  add_trace_synthesize(*trace, exit_code);
  add_trace_requests(*trace, exit_code);
}

}  // namespace ringmaster
