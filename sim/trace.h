#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ringmaster::sim {

/// Tokens that one id of a trace's `hash_ids` stands for, fixed by the Mooncake format.
inline constexpr std::uint32_t kTraceBlockTokens = 512;

/// What a trace may say of a request beside its lengths; 0: nothing. Names are hashes: they
/// only tell equal from different.
struct RequestLabels {
  std::uint64_t session = 0;
  std::uint64_t tenant = 0;
  std::uint64_t adapter = 0;             ///< LoRA adapter; 0: the model itself.
  std::int32_t priority = 0;             ///< In [-1000000, 1000000]; larger goes first.
  std::uint32_t steps_to_execution = 0;  ///< Workflow steps until this prompt is built upon again.
  bool operator==(const RequestLabels&) const = default;
};

/// One request of a trace: when it came, how long it was, which prefix it had.
struct TraceRecord {
  Duration timestamp{};            ///< Since the start of the trace; never before the record above.
  std::uint32_t input_tokens = 0;  ///< At least 1.
  std::uint32_t output_tokens = 0;
  std::size_t first_id = 0;  ///< Its ids in Trace::hash_ids.
  std::size_t id_count = 0;  ///< At most ceil(input_tokens / kTraceBlockTokens).
  RequestLabels labels;
};

/// A recorded sequence of requests. Equal ids at equal positions after equal ids mean an equal
/// prefix; an id on its own means nothing.
struct Trace {
  std::vector<TraceRecord> records;
  std::vector<std::uint64_t> hash_ids;  ///< Of all records, one after the other.
  std::vector<std::string>
      ignored_fields;  ///< Fields of the text that have no meaning here, sorted.

  [[nodiscard]] std::span<const std::uint64_t> ids_of(const TraceRecord& record) const {
    return std::span(hash_ids).subspan(record.first_id, record.id_count);
  }
};

/// Reads the Mooncake format: one JSON object a line with `timestamp` (ms), `input_length`,
/// `output_length` (tokens) and `hash_ids`; optionally the RequestLabels by name, as whole numbers.
/// Other fields are allowed and listed in the result.
///
/// Fails with kInvalidArgument "<file>:<line>: expected ..., found ...", for the first bad line:
/// malformed JSON, an empty line, a missing or repeated field, a number out of its range, a
/// timestamp before that of the line above, more ids than the length allows, no line at all.
[[nodiscard]] Result<Trace> parse_trace(std::string_view text, std::string_view file);

/// The text that parse_trace() reads back to the same records. Timestamps that are whole
/// milliseconds are written without a fraction, labels only where they say something.
[[nodiscard]] std::string write_trace(const Trace& trace);

/// Numbers the ids of the records from 0 in order of appearance, and drops ids of no record.
void number_ids_by_appearance(Trace& trace);

}  // namespace ringmaster::sim
