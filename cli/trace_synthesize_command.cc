#include "cli/trace_synthesize_command.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/duration_flag.h"
#include "cli/text_file.h"
#include "sim/synthesis.h"

namespace ringmaster {
namespace {

/// What the command line says of the shape of sessions; absent: as the workload has it.
struct ShapeFlags {
  std::optional<double> turns;
  std::optional<std::string> pause;
  std::optional<std::uint32_t> contexts;
  std::optional<std::uint32_t> prefixes;
  std::optional<double> prefix_tokens;
  std::optional<std::uint32_t> documents;
  std::optional<double> document_tokens;
  std::optional<std::uint32_t> documents_per_prompt;
  std::optional<double> skew;
  std::optional<double> first_tokens;
  std::optional<double> turn_tokens;
  std::optional<double> output_tokens;
  std::optional<double> length_cv;
};

struct SynthesizeFlags {
  std::string workload;
  std::string output = "-";
  std::string arrivals = "poisson";
  std::string period = "1h";
  ShapeFlags shape;
  sim::SynthesisOptions options = {.arrivals = {.rate = 4}};
};

Status apply(const ShapeFlags& flags, sim::SessionShape& shape) {
  shape.turns = flags.turns.value_or(shape.turns);
  if (flags.pause) {
    const auto pause = read_duration("--pause", *flags.pause);
    if (!pause) return tl::unexpected(pause.error());
    shape.pause_s = to_seconds(*pause);
  }
  shape.contexts = flags.contexts.value_or(shape.contexts);
  shape.prefixes = flags.prefixes.value_or(shape.prefixes);
  shape.prefix_tokens = flags.prefix_tokens.value_or(shape.prefix_tokens);
  shape.documents = flags.documents.value_or(shape.documents);
  shape.document_tokens = flags.document_tokens.value_or(shape.document_tokens);
  shape.documents_per_prompt = flags.documents_per_prompt.value_or(shape.documents_per_prompt);
  shape.skew = flags.skew.value_or(shape.skew);
  shape.first_tokens = flags.first_tokens.value_or(shape.first_tokens);
  shape.turn_tokens = flags.turn_tokens.value_or(shape.turn_tokens);
  shape.output_tokens = flags.output_tokens.value_or(shape.output_tokens);
  shape.length_cv = flags.length_cv.value_or(shape.length_cv);
  return {};
}

Status run(SynthesizeFlags flags) {
  auto mix = sim::parse_shape_mix(flags.workload);
  if (!mix) return tl::unexpected(std::move(mix).error());
  for (sim::ShapeShare& part : *mix) {
    if (auto status = apply(flags.shape, part.shape); !status) return status;
  }
  const auto kind = sim::parse_arrival_kind(flags.arrivals);
  if (!kind) return tl::unexpected(kind.error());
  const auto period = read_duration("--period", flags.period);
  if (!period) return tl::unexpected(period.error());
  flags.options.mix = std::move(*mix);
  flags.options.arrivals.kind = *kind;
  flags.options.arrivals.period_s = to_seconds(*period);
  const auto trace = sim::synthesize(flags.options);
  if (!trace) return tl::unexpected(trace.error());
  return write_text(flags.output, sim::write_trace(*trace));
}

void add_shape_flags(CLI::App& command, ShapeFlags& flags) {
  const char* group = "Shape of the sessions (means; absent: as the workload has it)";
  command.add_option("--turns", flags.turns, "Requests of a session")->group(group);
  command.add_option("--pause", flags.pause, "From one turn to the next, such as 60s")
      ->group(group);
  command.add_option("--contexts", flags.contexts, "Prompts of a session that take turns")
      ->group(group);
  command.add_option("--prefixes", flags.prefixes, "Shared prefixes to choose from")->group(group);
  command.add_option("--prefix-tokens", flags.prefix_tokens, "Tokens of such a prefix")
      ->group(group);
  command.add_option("--documents", flags.documents, "Documents to choose from")->group(group);
  command.add_option("--document-tokens", flags.document_tokens, "Tokens of a document")
      ->group(group);
  command.add_option("--documents-per-prompt", flags.documents_per_prompt, "Documents in a prompt")
      ->group(group);
  command
      .add_option("--skew", flags.skew, "Of Zipf's law, for prefixes and documents; 0: all alike")
      ->group(group);
  command.add_option("--first-tokens", flags.first_tokens, "A first turn's own text")->group(group);
  command.add_option("--turn-tokens", flags.turn_tokens, "Own text of a further turn")
      ->group(group);
  command.add_option("--output-tokens", flags.output_tokens, "Tokens of an answer")->group(group);
  command
      .add_option("--length-cv", flags.length_cv,
                  "Coefficient of variation of all lengths; 0: all equal")
      ->group(group);
}

void add_owner_flags(CLI::App& command, sim::SynthesisOptions& options) {
  command
      .add_option("--tenants", options.tenants, "Tenants, most sessions from few; 0: none named")
      ->capture_default_str();
  command.add_option("--adapters", options.adapters, "LoRA adapters, likewise; 0: none named")
      ->capture_default_str();
  command
      .add_option("--urgent-share", options.urgent_share, "Share of the sessions with priority 1")
      ->capture_default_str();
}

}  // namespace

void add_trace_synthesize(CLI::App& trace, int& exit_code) {
  auto flags = std::make_shared<SynthesizeFlags>();
  auto* command = trace.add_subcommand("synthesize", "Make a trace from a seed");
  command
      ->add_option("workload", flags->workload,
                   "conversation, tool, rag, agent, workflow, no-reuse, or a mix by shares of the "
                   "requests: conversation:3,rag:1")
      ->required()
      ->type_name("NAME[:SHARE],...");
  command->add_option("-o,--output", flags->output, "File to write, - for standard output")
      ->capture_default_str();
  sim::SynthesisOptions& options = flags->options;
  command->add_option("--requests", options.requests, "Requests to make")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->add_option("--qps", options.arrivals.rate, "Mean rate, requests/s")
      ->capture_default_str();
  command->add_option("--arrivals", flags->arrivals, "poisson, gamma (bursty) or diurnal")
      ->capture_default_str();
  command
      ->add_option("--cv", options.arrivals.gap_cv, "gamma: coefficient of variation of the gaps")
      ->capture_default_str();
  command->add_option("--period", flags->period, "diurnal: from trough to trough")
      ->capture_default_str();
  command->add_option("--depth", options.arrivals.depth, "diurnal: swing of the rate, of its mean")
      ->capture_default_str();
  command->add_option("--input-max", options.input_tokens_max, "Longest prompt, tokens")
      ->capture_default_str();
  add_owner_flags(*command, options);
  add_shape_flags(*command, flags->shape);
  command->add_option("--seed", options.seed, "Of every random choice")->capture_default_str();
  command->footer(
      "Same flags, same bytes. docs/simulation.md says what each workload is like.\n"
      "Examples:\n"
      "  ringmaster trace synthesize no-reuse --requests 4000 --qps 4 -o no_reuse.jsonl\n"
      "  ringmaster trace synthesize conversation:3,rag:1 --arrivals gamma --cv 3 --tenants 20 -o "
      "mix.jsonl\n"
      "  ringmaster trace synthesize agent --turns 40 --arrivals diurnal --period 24h | ringmaster "
      "trace stats -");
  command->callback([flags, &exit_code] {
    const auto status = run(*flags);
    exit_code = status ? 0 : complain(status.error());
  });
}

}  // namespace ringmaster
