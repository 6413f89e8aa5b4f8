#include "scheduler/event_codec.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "fleet/fleet_state.h"
#include "scheduler/line_fields.h"

namespace ringmaster {
namespace {

constexpr std::array<std::string_view, 3> kHealthNames{"healthy", "suspect", "dead"};
constexpr std::array<std::string_view, 2> kResidencyNames{"mirror", "events"};
constexpr std::int64_t kTimeMax = std::numeric_limits<std::int64_t>::max() / 2;

void write_request(LineWriter& line, const RequestSpec& request) {
  line.number("id", request.id.value);
  line.number("tokens", request.prompt_tokens);
  line.number("block", request.block_tokens);
  if (request.session != 0) line.number("session", request.session);
  if (request.tenant != 0) line.number("tenant", request.tenant);
  if (request.adapter != 0) line.number("adapter", request.adapter);
  if (request.priority != 0) line.integer("priority", request.priority);
  if (request.ttft_slo != Duration::zero()) line.integer("ttft_slo_ns", request.ttft_slo.count());
  if (request.queue_deadline != Duration::zero()) {
    line.integer("queue_deadline_ns", request.queue_deadline.count());
  }
  if (request.output_tokens_max != 0) line.number("output_max", request.output_tokens_max);
  if (request.steps_to_execution != 0) line.number("steps", request.steps_to_execution);
  if (request.forwarded_to) line.number("forwarded_to", request.forwarded_to->value);
  if (!request.first_token_visible) line.number("first_token_visible", 0);
  line.blocks("chain", request.chain);
}

RequestSpec read_request(LineReader& line) {
  RequestSpec request;
  request.id = {line.whole<std::uint64_t>("id")};
  request.prompt_tokens = line.whole<std::uint32_t>("tokens");
  request.block_tokens = line.whole<std::uint32_t>("block");
  request.session = line.whole<std::uint64_t>("session", 0);
  request.tenant = line.whole<std::uint64_t>("tenant", 0);
  request.adapter = line.whole<std::uint64_t>("adapter", 0);
  request.priority =
      static_cast<std::int32_t>(line.integer("priority", std::numeric_limits<std::int32_t>::min(),
                                             std::numeric_limits<std::int32_t>::max(), 0));
  request.ttft_slo = Duration(line.integer("ttft_slo_ns", -kTimeMax, kTimeMax, 0));
  request.queue_deadline = Duration(line.integer("queue_deadline_ns", -kTimeMax, kTimeMax, 0));
  request.output_tokens_max = line.whole<std::uint32_t>("output_max", 0);
  request.steps_to_execution = line.whole<std::uint32_t>("steps", 0);
  if (line.has("forwarded_to")) {
    request.forwarded_to = {
        static_cast<std::uint32_t>(line.number("forwarded_to", FleetState::kSlotsMax))};
  }
  request.first_token_visible = line.number("first_token_visible", 1, 1) == 1;
  request.chain = line.blocks("chain");
  if (!request.chain.empty() && request.block_tokens == 0) {
    line.refuse("block: expected a positive number of tokens");
  }
  return request;
}

void write_id(LineWriter& line, RequestId id) {
  line.number("id", id.value);
}
void write_instance(LineWriter& line, InstanceId id) {
  line.number("instance", id.value);
}

RequestId read_id(LineReader& line) {
  return {line.whole<std::uint64_t>("id")};
}
InstanceId read_instance(LineReader& line) {
  return {static_cast<std::uint32_t>(line.number("instance", FleetState::kSlotsMax - 1))};
}

/// One function per event: its name and its fields.
struct WriteEvent {
  LineWriter& line;

  void operator()(const RequestArrived& event) const {
    line.word("arrived");
    write_request(line, event.request);
  }
  void operator()(const FirstToken& event) const {
    line.word("first_token");
    write_id(line, event.request);
    line.number("attempt", event.attempt);
  }
  void operator()(const RequestFinished& event) const {
    line.word("finished");
    write_id(line, event.request);
    line.number("attempt", event.attempt);
    line.number("output", event.output_tokens);
    if (event.cached_tokens) line.number("cached", *event.cached_tokens);
    if (event.prompt_tokens) line.number("prompt", *event.prompt_tokens);
  }
  void operator()(const RequestFailed& event) const {
    line.word("failed");
    write_id(line, event.request);
    line.number("attempt", event.attempt);
    line.number("may_retry", event.may_retry ? 1 : 0);
    if (event.lost_instance) line.number("lost_instance", 1);
  }
  void operator()(const RequestCancelled& event) const {
    line.word("cancelled");
    write_id(line, event.request);
  }
  void operator()(const InstanceReported& event) const {
    const InstanceReport& report = event.report;
    line.word("reported");
    write_instance(line, event.instance);
    line.integer("at_ns", report.time.time_since_epoch().count());
    if (report.time_error > Duration::zero()) line.integer("error_ns", report.time_error.count());
    if (report.running_requests) line.number("running", *report.running_requests);
    if (report.waiting_requests) line.number("waiting", *report.waiting_requests);
    if (report.queued_prefill_tokens) line.number("queued_tokens", *report.queued_prefill_tokens);
    if (report.kv_usage) line.real("kv_usage", *report.kv_usage);
    if (report.is_of_owner) line.number("of_owner", 1);
    if (report.put_aside_tokens > 0) line.number("put_aside", report.put_aside_tokens);
  }
  void operator()(const KvBlocksStored& event) const {
    line.word("kv_stored");
    write_instance(line, event.instance);
    line.blocks("blocks", event.blocks);
  }
  void operator()(const KvBlocksRemoved& event) const {
    line.word("kv_removed");
    write_instance(line, event.instance);
    line.blocks("blocks", event.blocks);
  }
  void operator()(const KvCleared& event) const {
    line.word("kv_cleared");
    write_instance(line, event.instance);
  }
  void operator()(const InstanceAdded& event) const {
    line.word("added");
    write_instance(line, event.instance);
    line.text("name", event.spec.name);
    line.real("capacity", event.spec.capacity);
    line.real("token_s", event.spec.prefill_seconds_per_token);
    line.number("kv_tokens", event.spec.kv_cache_tokens);
    line.text("residency", kResidencyNames[static_cast<std::size_t>(event.residency)]);
    if (event.health != Health::kHealthy) {
      line.text("health", kHealthNames[static_cast<std::size_t>(event.health)]);
    }
  }
  void operator()(const InstanceRemoved& event) const {
    line.word("removed");
    write_instance(line, event.instance);
  }
  void operator()(const InstanceDraining& event) const {
    line.word("draining");
    write_instance(line, event.instance);
    line.number("is_draining", event.is_draining ? 1 : 0);
  }
  void operator()(const HealthChanged& event) const {
    line.word("health");
    write_instance(line, event.instance);
    line.text("health", kHealthNames[static_cast<std::size_t>(event.health)]);
  }
  void operator()(const OwnerChanged& event) const {
    line.word("owner");
    write_instance(line, event.instance);
    line.number("is_ours", event.is_ours ? 1 : 0);
  }
  void operator()(const Tick& /*event*/) const { line.word("tick"); }
};

Event read_arrived(LineReader& line) {
  return RequestArrived{read_request(line)};
}
Event read_first_token(LineReader& line) {
  return FirstToken{read_id(line), line.whole<std::uint32_t>("attempt")};
}
Event read_finished(LineReader& line) {
  return RequestFinished{.request = read_id(line),
                         .attempt = line.whole<std::uint32_t>("attempt"),
                         .output_tokens = line.whole<std::uint32_t>("output"),
                         .cached_tokens = line.optional_whole<std::uint32_t>("cached"),
                         .prompt_tokens = line.optional_whole<std::uint32_t>("prompt")};
}
Event read_failed(LineReader& line) {
  return RequestFailed{.request = read_id(line),
                       .attempt = line.whole<std::uint32_t>("attempt"),
                       .may_retry = line.number("may_retry", 1) == 1,
                       .lost_instance = line.number("lost_instance", 1, 0) == 1};
}
Event read_cancelled(LineReader& line) {
  return RequestCancelled{read_id(line)};
}
Event read_reported(LineReader& line) {
  InstanceReported event;
  event.instance = read_instance(line);
  event.report.time = TimePoint(Duration(line.integer("at_ns", -kTimeMax, kTimeMax)));
  event.report.time_error = Duration(line.integer("error_ns", 0, kTimeMax, 0));
  event.report.running_requests = line.optional_whole<std::uint32_t>("running");
  event.report.waiting_requests = line.optional_whole<std::uint32_t>("waiting");
  event.report.queued_prefill_tokens = line.optional_whole<std::uint64_t>("queued_tokens");
  event.report.is_of_owner = line.number("of_owner", 1, 0) == 1;
  event.report.put_aside_tokens = line.whole<std::uint64_t>("put_aside", 0);
  if (line.has("kv_usage")) event.report.kv_usage = line.real("kv_usage", 0.0, 1.0);
  return event;
}
Event read_kv_stored(LineReader& line) {
  return KvBlocksStored{.instance = read_instance(line), .blocks = line.blocks("blocks")};
}
Event read_kv_removed(LineReader& line) {
  return KvBlocksRemoved{.instance = read_instance(line), .blocks = line.blocks("blocks")};
}
Event read_kv_cleared(LineReader& line) {
  return KvCleared{read_instance(line)};
}
Event read_added(LineReader& line) {
  InstanceAdded event;
  event.instance = read_instance(line);
  event.spec.name = line.text("name");
  event.spec.capacity = line.real("capacity", 0.01, 100.0);
  event.spec.prefill_seconds_per_token = line.real("token_s", 0.0, 10.0);
  event.spec.kv_cache_tokens = line.whole<std::uint64_t>("kv_tokens");
  event.residency = static_cast<ResidencySource>(line.choice("residency", kResidencyNames));
  event.health = static_cast<Health>(line.choice("health", kHealthNames, true));
  return event;
}
Event read_removed(LineReader& line) {
  return InstanceRemoved{read_instance(line)};
}
Event read_draining(LineReader& line) {
  return InstanceDraining{.instance = read_instance(line),
                          .is_draining = line.number("is_draining", 1) == 1};
}
Event read_health(LineReader& line) {
  return HealthChanged{.instance = read_instance(line),
                       .health = static_cast<Health>(line.choice("health", kHealthNames))};
}
Event read_owner(LineReader& line) {
  return OwnerChanged{.instance = read_instance(line), .is_ours = line.number("is_ours", 1) == 1};
}
Event read_tick(LineReader& /*line*/) {
  return Tick{};
}

constexpr std::array<std::pair<std::string_view, Event (*)(LineReader&)>, 15> kEventReaders{{
    {"arrived", read_arrived},
    {"first_token", read_first_token},
    {"finished", read_finished},
    {"failed", read_failed},
    {"cancelled", read_cancelled},
    {"reported", read_reported},
    {"kv_stored", read_kv_stored},
    {"kv_removed", read_kv_removed},
    {"kv_cleared", read_kv_cleared},
    {"added", read_added},
    {"removed", read_removed},
    {"draining", read_draining},
    {"health", read_health},
    {"owner", read_owner},
    {"tick", read_tick},
}};

}  // namespace

void append_event_line(std::string& lines, const Event& event, TimePoint time) {
  lines += std::to_string(time.time_since_epoch().count());
  LineWriter line(lines);
  std::visit(WriteEvent{line}, event);
  lines += '\n';
}

Result<TimedEvent> parse_event_line(std::string_view text) {
  LineReader line(text);
  TimedEvent timed;
  timed.time = TimePoint(Duration(line.integer_word()));
  if (timed.time.time_since_epoch().count() > kTimeMax ||
      timed.time.time_since_epoch().count() < -kTimeMax) {
    line.refuse("the time is out of range");
  }
  const std::string_view name = line.word();
  bool is_known = false;
  for (const auto& [known, read] : kEventReaders) {
    if (known != name) continue;
    timed.event = read(line);
    is_known = true;
  }
  if (!is_known) line.refuse("unknown event '" + std::string(name.substr(0, 40)) + "'");
  if (const Status status = line.finish(); !status) return tl::unexpected(status.error());
  return timed;
}

}  // namespace ringmaster
