#include "sim/synthesis.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <queue>
#include <string>
#include <utility>

#include "base/number_text.h"
#include "base/random.h"
#include "sim/distributions.h"
#include "sim/growing_prompt.h"

namespace ringmaster::sim {
namespace {

constexpr std::uint32_t kOutputTokensMax = 1'000'000;
constexpr std::size_t kIdsMax = 200'000'000;  // 1.6 GB.
constexpr double kRunIn = 10.0;               // Mean lengths of a session: few are as long.
constexpr double kRunInRequestsMax = 1e8;

/// A length drawn around a mean; at least `tokens_min`.
std::uint32_t draw_tokens(Random& random, double mean, double cv, std::uint32_t tokens_min,
                          std::uint32_t tokens_max) {
  const double tokens = std::round(draw_log_normal(random, mean, cv));
  return static_cast<std::uint32_t>(std::clamp<double>(tokens, tokens_min, tokens_max));
}

/// A number for a content that depends on nothing but these.
std::uint64_t content_of(std::uint64_t owner, std::uint64_t kind, std::uint64_t number) {
  return mix64(owner ^ mix64(kind ^ mix64(number)));
}

enum ContentKind : std::uint64_t { kPrefixContent = 1, kDocumentContent, kOwnContent };

/// A shape with what its sessions choose from.
struct ShapeSource {
  explicit ShapeSource(const SessionShape& of)
      : shape(of),
        prefixes(std::max(of.prefixes, 1U), of.skew),
        documents(std::max(of.documents, 1U), of.skew) {}

  SessionShape shape;
  ZipfRanks prefixes;
  ZipfRanks documents;
};

/// One prompt of a session: what it begins with, and what it has grown to.
struct Context {
  GrowingPrompt prefix;
  GrowingPrompt prompt;
};

class Session {
 public:
  /// Whose it is; the same for all its requests.
  struct Owner {
    std::uint64_t number = 0;  ///< Of the session, from 1 on.
    std::uint64_t tenant = 0;
    std::uint64_t adapter = 0;
    std::int32_t priority = 0;
  };

  Session(const ShapeSource& source, const Owner& owner, std::uint32_t tokens_max, Random random)
      : source_(&source),
        owner_(owner),
        tokens_max_(tokens_max),
        sharing_(content_of(owner.tenant, owner.adapter, mix64_of_name(source.shape.name))),
        random_(random),
        turns_(draw_geometric(random_, source.shape.turns)),
        contexts_(source.shape.contexts) {}

  /// Grows the prompt whose turn it is and tells of the request.
  void take_turn(Trace* trace, double time_s);

  /// Seconds to the next turn; absent after the last one.
  [[nodiscard]] std::optional<double> pause() {
    if (turn_ >= turns_) return std::nullopt;
    return draw_gamma(random_, source_->shape.pause_s, source_->shape.pause_cv);
  }

 private:
  static std::uint64_t mix64_of_name(std::string_view name) {
    std::uint64_t mixed = 0;
    for (const char letter : name) mixed = mix64(mixed ^ static_cast<unsigned char>(letter));
    return mixed;
  }

  void begin(Context& context);
  void append_shared(GrowingPrompt& prompt, ContentKind kind, std::size_t number, double mean);
  void append_own(Context& context, double mean);

  const ShapeSource* source_;
  Owner owner_;
  std::uint32_t tokens_max_;
  std::uint64_t sharing_;  // Prefixes and documents are equal where this is.
  Random random_;
  std::size_t turns_;
  std::size_t turn_ = 0;
  std::uint64_t own_contents_ = 0;
  std::vector<Context> contexts_;
};

void Session::append_shared(GrowingPrompt& prompt, ContentKind kind, std::size_t number,
                            double mean) {
  const std::uint64_t content = content_of(sharing_, kind, number);
  Random of_content(content);  // Its length is its own, whoever uses it.
  const std::uint32_t room = tokens_max_ - prompt.tokens();
  prompt.append(content, draw_tokens(of_content, mean, source_->shape.length_cv, 0, room));
}

void Session::append_own(Context& context, double mean) {
  if (mean <= 0) return;
  const std::uint64_t content = content_of(owner_.number, kOwnContent, ++own_contents_);
  const auto tokens = draw_tokens(random_, mean, source_->shape.length_cv, 1, tokens_max_);
  if (tokens > tokens_max_ - context.prompt.tokens()) context.prompt = context.prefix;
  context.prompt.append(content, std::min(tokens, tokens_max_ - context.prompt.tokens()));
}

void Session::begin(Context& context) {
  const SessionShape& shape = source_->shape;
  if (shape.prefixes > 0) {
    append_shared(context.prompt, kPrefixContent, source_->prefixes.draw(random_),
                  shape.prefix_tokens);
  }
  context.prefix = context.prompt;
  for (std::uint32_t i = 0; shape.documents > 0 && i < shape.documents_per_prompt; ++i) {
    append_shared(context.prompt, kDocumentContent, source_->documents.draw(random_),
                  shape.document_tokens);
  }
  append_own(context, shape.first_tokens);
}

void Session::take_turn(Trace* trace, double time_s) {
  const SessionShape& shape = source_->shape;
  Context& context = contexts_[turn_ % contexts_.size()];
  if (turn_ < contexts_.size()) {
    begin(context);
  } else {
    append_own(context, shape.turn_tokens);
  }
  if (context.prompt.tokens() == 0) context.prompt.append(owner_.number, 1);
  const auto output =
      draw_tokens(random_, shape.output_tokens, shape.length_cv, 1, kOutputTokensMax);
  if (trace != nullptr) {
    TraceRecord record{.timestamp = from_seconds(std::floor(time_s * 1e6) / 1e6),
                       .input_tokens = context.prompt.tokens(),
                       .output_tokens = output,
                       .first_id = trace->hash_ids.size(),
                       .labels = {.session = shape.turns > 1 ? owner_.number : 0,
                                  .tenant = owner_.tenant,
                                  .adapter = owner_.adapter,
                                  .priority = owner_.priority}};
    if (contexts_.size() > 1 && turn_ + contexts_.size() < turns_) {
      record.labels.steps_to_execution = static_cast<std::uint32_t>(contexts_.size());
    }
    context.prompt.write_ids(trace->hash_ids);
    record.id_count = trace->hash_ids.size() - record.first_id;
    trace->records.push_back(record);
  }
  // The answer stands before the next turn's text.
  const std::uint32_t room = tokens_max_ - context.prompt.tokens();
  context.prompt.append(content_of(owner_.number, kOwnContent, ++own_contents_),
                        std::min(output, room));
  ++turn_;
}

double run_in_seconds(const SessionShape& shape) {
  return kRunIn * (shape.turns - 1) * shape.pause_s;
}

/// Lets sessions begin and take their turns in the order of time.
class Synthesis {
 public:
  explicit Synthesis(const SynthesisOptions& options);

  Result<Trace> run();

 private:
  struct Turn {
    double time_s;
    std::uint64_t number;  ///< Of the session; decides between equal times.
    std::size_t slot;      ///< Of the session in sessions_.
    [[nodiscard]] bool operator>(const Turn& other) const {
      return std::pair(time_s, number) > std::pair(other.time_s, other.number);
    }
  };

  void begin_session();
  [[nodiscard]] const ShapeSource& choose_shape(Random& random) const;

  const SynthesisOptions& options_;
  std::vector<ShapeSource> sources_;
  std::vector<double> session_shares_;  // Cumulative, by source.
  ZipfRanks tenants_;
  ZipfRanks adapters_;
  std::optional<ArrivalProcess> arrivals_;
  double next_session_s_ = 0;
  std::uint64_t begun_ = 0;
  std::vector<std::optional<Session>> sessions_;
  std::vector<std::size_t> free_slots_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
};

Synthesis::Synthesis(const SynthesisOptions& options)
    : options_(options),
      tenants_(std::max(options.tenants, 1U), 1.0),
      adapters_(std::max(options.adapters, 1U), 1.0) {
  double requests_share = 0;
  double sessions_share = 0;
  double run_in_s = 0;
  for (const ShapeShare& part : options.mix) {
    sources_.emplace_back(part.shape);
    requests_share += part.share;
    sessions_share += part.share / part.shape.turns;
    session_shares_.push_back(sessions_share);
    run_in_s = std::max(run_in_s, run_in_seconds(part.shape));
  }
  ArrivalProcessOptions of_sessions = options.arrivals;
  of_sessions.rate *= sessions_share / requests_share;
  arrivals_.emplace(of_sessions, -run_in_s, Random(mix64(options.seed)));
  next_session_s_ = arrivals_->next();
}

const ShapeSource& Synthesis::choose_shape(Random& random) const {
  const double point = random.unit() * session_shares_.back();
  const auto found = std::ranges::upper_bound(session_shares_, point);
  return sources_[std::min(static_cast<std::size_t>(found - session_shares_.begin()),
                           sources_.size() - 1)];
}

void Synthesis::begin_session() {
  Random random(mix64(options_.seed + 1) ^ mix64(++begun_));
  const ShapeSource& source = choose_shape(random);
  Session::Owner owner{.number = begun_};
  if (options_.tenants > 0) owner.tenant = 1 + tenants_.draw(random);
  if (options_.adapters > 0) owner.adapter = 1 + adapters_.draw(random);
  owner.priority = random.unit() < options_.urgent_share ? 1 : 0;
  std::size_t slot = sessions_.size();
  if (free_slots_.empty()) {
    sessions_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  sessions_[slot].emplace(source, owner, options_.input_tokens_max, random);
  turns_.push({next_session_s_, begun_, slot});
  next_session_s_ = arrivals_->next();
}

Result<Trace> Synthesis::run() {
  Trace trace;
  while (trace.records.size() < options_.requests) {
    if (trace.hash_ids.size() > kIdsMax) {
      return invalid(
          "requests: expected at most 200000000 blocks of 512 tokens in all, found more "
          "after " +
          std::to_string(trace.records.size()) + " requests");
    }
    while (turns_.empty() || next_session_s_ <= turns_.top().time_s) begin_session();
    const Turn turn = turns_.top();
    turns_.pop();
    std::optional<Session>& session = sessions_[turn.slot];
    session->take_turn(turn.time_s < 0 ? nullptr : &trace, turn.time_s);
    if (const auto pause = session->pause()) {
      turns_.push({turn.time_s + *pause, turn.number, turn.slot});
    } else {
      session.reset();
      free_slots_.push_back(turn.slot);
    }
  }
  number_ids_by_appearance(trace);
  return trace;
}

Status check(const SynthesisOptions& options) {
  constexpr std::size_t kRequestsMax = 10'000'000;
  constexpr std::uint32_t kInputTokensMax = 10'000'000;
  if (options.mix.empty()) return invalid("workload: expected at least one kind");
  for (const ShapeShare& part : options.mix) {
    if (auto status = check(part.shape); !status) return status;
  }
  if (auto status = ArrivalProcess::check(options.arrivals); !status) return status;
  for (const ShapeShare& part : options.mix) {
    if (options.arrivals.rate * run_in_seconds(part.shape) <= kRunInRequestsMax) continue;
    return invalid(std::string(part.shape.name) +
                   ": expected rate * turns * pause of at most 1e7 requests under way");
  }
  if (options.requests < 1 || options.requests > kRequestsMax) {
    return invalid("requests: expected 1 to 10000000, found " + std::to_string(options.requests));
  }
  if (options.input_tokens_max < kTraceBlockTokens || options.input_tokens_max > kInputTokensMax) {
    return invalid("input tokens: expected a maximum in [512, 10000000], found " +
                   std::to_string(options.input_tokens_max));
  }
  if (options.tenants > 1'000'000 || options.adapters > 1'000'000) {
    return invalid("tenants and adapters: expected at most 1000000 of each");
  }
  if (!(options.urgent_share >= 0 && options.urgent_share <= 1)) {
    return invalid("urgent share: expected a number in [0, 1], found " +
                   format_number(options.urgent_share));
  }
  return {};
}

}  // namespace

Result<Trace> synthesize(const SynthesisOptions& options) {
  if (auto status = check(options); !status) return tl::unexpected(std::move(status).error());
  return Synthesis(options).run();
}

}  // namespace ringmaster::sim
