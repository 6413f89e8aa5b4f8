#include "settings/gateway_settings.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "policies/part_registry.h"
#include "policies/policy_registry.h"
#include "settings/addresses.h"
#include "settings/settings_keys.h"
#include "settings/yaml_reader.h"

namespace ringmaster {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAdapterNameBytesMax = 512;

void visit_slo(SettingsVisitor& visitor, GatewaySettings& settings) {
  visitor.duration("ttft", settings.scheduler.ttft_slo, 1ms, 1h,
                   "target from receiving a request to its first output token");
}

void visit_scheduler(SettingsVisitor& visitor, SchedulerOptions& scheduler) {
  visitor.choice<std::optional<QueueDiscipline>>(
      "queue", scheduler.queue,
      {{"policy", std::nullopt},
       {"fcfs", QueueDiscipline::kFcfs},
       {"longest_hit", QueueDiscipline::kLongestHit},
       {"shortest", QueueDiscipline::kShortest},
       {"slack", QueueDiscipline::kSlack},
       {"on_time", QueueDiscipline::kOnTime},
       {"fair", QueueDiscipline::kFair}},
      "policy", "order in which held requests are sent; policy: as the policy was published");
  visitor.choice<std::optional<Rebalancing>>(
      "rebalance", scheduler.rebalancing,
      {{"policy", std::nullopt},
       {"off", Rebalancing::kOff},
       {"paper", Rebalancing::kPaper},
       {"code", Rebalancing::kCode},
       {"freeness", Rebalancing::kFreeness}},
      "policy", "how held requests move off a hot instance; policy: as the policy was published");
  // -1 stands for the absent value, which is the policy's own.
  std::int32_t window = -1;
  visitor.integer("dispatch_window_requests", window, -1, 65'536,
                  "prefills in flight per instance before requests are held; 0: never hold, "
                  "-1: as the policy was published");
  if (window >= 0) scheduler.dispatch_window_requests = static_cast<std::uint32_t>(window);
  visitor.integer("ring_points", scheduler.ring_points, 1, 4096,
                  "points of an instance of capacity 1 on each ring");
  visitor.integer("seed", scheduler.seed, 0, std::numeric_limits<std::int64_t>::max(),
                  "of every random choice");
  visitor.integer("queue_requests_max", scheduler.queue_requests_max, 1, 1'000'000,
                  "held requests in all; beyond it 429");
  visitor.duration("queue_wait_max", scheduler.queue_wait_max, 1ms, 24h,
                   "longest time a request is held; then 504");
  visitor.integer("index_blocks_max", scheduler.index_blocks_max, 1'000, 1'000'000'000,
                  "blocks that the prefix index knows; beyond them mirrors forget their oldest");
  visitor.integer("decision_log_size", scheduler.decision_log_size, 1, 1'000'000,
                  "decisions that /admin/decisions can show");
}

/// A policy, or a part that stands beside one, by name, then its options. `make` checks them.
template <class Make>
void visit_part(SettingsVisitor& visitor, const std::string& kind, PolicyConfig& part,
                std::uint64_t seed, const Make& make) {
  const bool is_required = part.name.empty();
  visitor.text("name", part.name, is_required, "name of the " + kind);
  visitor.options("options of the " + kind + " named, see docs/policies.md", part.options);
  if (part.name.empty()) return;
  // The name first, then each option by itself, so that each problem has its own place.
  const PolicyConfig bare{.name = part.name};
  if (const auto made = make(bare, seed); !made) {
    return visitor.problem("name", made.error().message);
  }
  bool is_good = true;
  for (const auto& option : part.options) {
    const PolicyConfig single{.name = part.name, .options = {option}};
    const auto made = make(single, seed);
    if (!made) visitor.problem(option.first, made.error().message);
    is_good = is_good && made;
  }
  if (!is_good) return;
  const auto made = make(part, seed);
  if (!made) visitor.problem("name", made.error().message);
}

/// What stands beside the policy; each left out is not there.
void visit_parts_beside(SettingsVisitor& visitor, SchedulerOptions& scheduler) {
  visitor.list(
      "filters", "What narrows the instances before the policy chooses, one after the other.",
      [&] { scheduler.filters.push_back({.name = {}}); },
      [&](SettingsVisitor& element) {
        visit_part(element, "filter", scheduler.filters.back(), scheduler.seed, make_filter);
      });
  visitor.section("veto", "What keeps requests off instances in danger.",
                  [&](SettingsVisitor& section) {
                    scheduler.veto = PolicyConfig{.name = {}};
                    visit_part(section, "veto", *scheduler.veto, scheduler.seed, make_veto);
                  });
  visitor.section(
      "admission", "What refuses requests at their arrival.", [&](SettingsVisitor& section) {
        scheduler.admission = PolicyConfig{.name = {}};
        visit_part(section, "admission", *scheduler.admission, scheduler.seed, make_admission);
      });
}

void visit_shadow(SettingsVisitor& visitor, SchedulerOptions& scheduler) {
  visitor.scalar({.key = "shadow",
                  .kind = ValueKind::kText,
                  .expected = "name or name:option=value,...",
                  .default_value = "none",
                  .text = "policy that decides beside the acting one and acts on nothing; "
                          "/metrics and /admin/shadow compare them"},
                 [&](std::string_view written) {
                   auto shadow = parse_policy_config(written);
                   if (shadow) scheduler.shadow = std::move(*shadow);
                   return shadow.has_value();
                 });
  if (!scheduler.shadow) return;
  const auto made = make_policy(*scheduler.shadow, scheduler.seed);
  if (!made) visitor.problem("shadow", made.error().message);
}

void visit_explain(SettingsVisitor& visitor, ExplainOptions& explain) {
  visitor.integer("decisions", explain.kept, 0, 65'536,
                  "explanations kept; beyond them decisions are shown without; 0: none");
  visitor.duration("interval", explain.interval, 0s, 1h,
                   "at most one decision per interval is explained in full; 0s: each one");
  visitor.boolean("others", explain.others,
                  "whether an explanation says what the other policies would have done");
}

void visit_instance(SettingsVisitor& visitor, InstanceSettings& instance) {
  visitor.checked_text("id", instance.spec.name, true,
                       "1 to 128 letters, digits and \".\", \"_\", \"-\", \":\"", is_instance_name,
                       "stable name; places the instance on the rings");
  visitor.checked_text("url", instance.url, true, "http://host[:port][/path]", is_instance_url,
                       "where the instance listens");
  visitor.choice<std::string>("adapter", instance.adapter,
                              {{"openai", "openai"}, {"ringmaster", "ringmaster"}}, "openai",
                              "what the instance speaks: any OpenAI server, or the bundled engine");
  visitor.text("model", instance.model, true, "name by which clients ask for its model");
  visitor.boolean("ask_usage", instance.asks_usage,
                  "whether streams are asked for their usage where the client did not ask, and the "
                  "event with it taken out again; else bodies pass as they are");
  visitor.number("capacity", instance.spec.capacity, 0.01, 100, "relative weight on the rings");
  visitor.integer("kv_cache_tokens", instance.spec.kv_cache_tokens, 0, 1'000'000'000'000,
                  "size of the mirror of its prefix cache");
  visitor.number("prefill_seconds_per_token", instance.spec.prefill_seconds_per_token, 1e-9, 10,
                 "time to compute one prompt token, for estimates of TTFT");
}

void visit_model(SettingsVisitor& visitor, ModelSettings& model) {
  visitor.text("name", model.name, true, "name by which clients ask for it");
  visitor.text("tokenizer", model.tokenizer, false,
               "folder with tokenizer.json; left out: prefixes are hashed by bytes");
  visitor.integer("block_tokens", model.block_tokens, 1, 1024,
                  "tokens of a block of a prefix; the same as in the engines");
  visitor.scalar_list({.key = "adapters",
                       .kind = ValueKind::kTextList,
                       .expected = "a name of 1 to 512 bytes",
                       .text = "LoRA adapters that its engines serve: clients ask for them as "
                               "models, requests go to this model's fleet"},
                      [&](std::string_view written) {
                        if (written.empty() || written.size() > kAdapterNameBytesMax) return false;
                        model.adapters.emplace_back(written);
                        return true;
                      });
}

void visit_gateway_limits(SettingsVisitor& visitor, LimitSettings& limits) {
  constexpr std::size_t kMebibyte = 1024 * 1024;
  visit_keys(visitor, limits);
  visitor.bytes("event_bytes", limits.event_bytes, 1024, 64 * kMebibyte,
                "longest server-sent event of an instance; beyond it the answer ends in an error");
  visitor.bytes("buffer_bytes", limits.buffer_bytes, kMebibyte, 1024 * 1024 * kMebibyte,
                "bodies of all requests together; beyond it 503");
}

void visit_deadlines(SettingsVisitor& visitor, DeadlineSettings& deadlines) {
  visitor.duration("connect", deadlines.connect, 1ms, 10min, "to reach an instance");
  visitor.duration("first_byte", deadlines.first_byte, 0s, 24h,
                   "from sending a request to the head of its answer; 0: none");
  visitor.duration("idle", deadlines.idle, 0s, 24h, "between two pieces of an answer; 0: none");
  visitor.duration("total", deadlines.total, 0s, 24h,
                   "of a request with all its attempts; 0: none");
}

void visit_health(SettingsVisitor& visitor, HealthSettings& health) {
  visitor.duration("interval", health.interval, 10ms, 1h,
                   "between two probes of an instance, and between two reports of its load");
  visitor.duration("timeout", health.timeout, 1ms, 10min, "for the answer to a probe");
  visitor.integer("unhealthy_after", health.unhealthy_after, 1, 1000,
                  "failures in a row, of probes and requests, that take an instance out");
  visitor.integer("healthy_after", health.healthy_after, 1, 1000,
                  "good probes in a row that bring it back; from the first one on it serves "
                  "where no healthy instance is left");
}

void visit_retry(SettingsVisitor& visitor, SchedulerOptions& scheduler) {
  visitor.integer("attempts", scheduler.attempts_max, 1, 100,
                  "sendings of a request at most, the first included");
  visitor.number("budget", scheduler.retry_budget_share, 0, 1,
                 "retries in flight at most, as a share of the requests in flight (but always 3, "
                 "and what a lost instance had on average)");
}

bool is_header_or_empty(std::string_view text) {
  return text.empty() || is_header_name(text);
}

void visit_headers(SettingsVisitor& visitor, HeaderSettings& headers) {
  const std::string expected = "a header name, or \"\" for none";
  visitor.checked_text("session", headers.session, false, expected, is_header_or_empty,
                       "header that names the conversation");
  visitor.checked_text("tenant", headers.tenant, false, expected, is_header_or_empty,
                       "header that names the tenant, whose prefixes are then its own; only behind "
                       "a proxy that sets it");
  visitor.checked_text("priority", headers.priority, false, expected, is_header_or_empty,
                       "header with a whole number, larger goes first; only behind a proxy that "
                       "sets it");
  visitor.checked_text("adapter", headers.adapter, false, expected, is_header_or_empty,
                       "header that names the LoRA adapter; without it the model's name does, "
                       "where models.adapters has it");
  visitor.checked_text("steps_to_execution", headers.steps_to_execution, false, expected,
                       is_header_or_empty,
                       "header with the steps of a workflow until this prompt is built upon again, "
                       "0 to 1000000");
}

template <class Elements, class NameOf>
void report_repeats(SettingsVisitor& visitor, const Elements& elements, const std::string& key,
                    NameOf name_of) {
  const std::string& name = name_of(elements.back());
  if (name.empty()) return;
  const auto first = std::ranges::find(elements, name, name_of);
  if (&*first != &elements.back()) {
    visitor.problem(key, "\"" + name + "\" is already the " + key + " of entry " +
                             std::to_string(first - elements.begin()));
  }
}

/// An adapter belongs to one model, and its name is no model's: else requests would go astray.
void report_shared_adapters(SettingsVisitor& visitor, const std::vector<ModelSettings>& models) {
  const ModelSettings& newest = models.back();
  for (const ModelSettings& model : models) {
    for (const std::string& adapter : newest.adapters) {
      const bool is_own = &model == &newest;
      const auto times = std::ranges::count(model.adapters, adapter);
      if (model.name == adapter) {
        visitor.problem("adapters", "\"" + adapter + "\" is the name of a model");
      } else if (times > (is_own ? 1 : 0)) {
        visitor.problem("adapters",
                        "\"" + adapter + "\" is already an adapter of \"" + model.name + "\"");
        return;
      }
    }
    if (&model != &newest && std::ranges::count(model.adapters, newest.name) > 0) {
      visitor.problem("name",
                      "\"" + newest.name + "\" is already an adapter of \"" + model.name + "\"");
    }
  }
}

void visit_lists(SettingsVisitor& visitor, GatewaySettings& settings) {
  visitor.list(
      "instances", "The instances to route to; more can be added while the gateway runs.",
      [&] { settings.instances.emplace_back(); },
      [&](SettingsVisitor& element) {
        visit_instance(element, settings.instances.back());
        report_repeats(element, settings.instances, "id",
                       [](const InstanceSettings& i) -> const std::string& { return i.spec.name; });
      });
  visitor.list(
      "models", "What the gateway should know of a model; a model without an entry works too.",
      [&] { settings.models.emplace_back(); },
      [&](SettingsVisitor& element) {
        visit_model(element, settings.models.back());
        report_repeats(element, settings.models, "name",
                       [](const ModelSettings& m) -> const std::string& { return m.name; });
        report_shared_adapters(element, settings.models);
      });
}

/// Peers show it as it is in a header field, where other characters would not arrive.
bool is_peer_key(std::string_view text) {
  return text.size() >= 8 && text.size() <= 1024 &&
         std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

void visit_peers(SettingsVisitor& visitor, PeersSettings& peers) {
  visitor.checked_text("id", peers.id, false,
                       "1 to 128 letters, digits and \".\", \"_\", \"-\", \":\"", is_instance_name,
                       "name of this gateway among its peers");
  visitor.scalar({.key = "key",
                  .kind = ValueKind::kText,
                  .expected = "8 to 1024 printable ASCII characters without spaces",
                  .default_value = "none",
                  .text = "secret that all peers share and show each other",
                  .is_secret = true},
                 [&](std::string_view written) {
                   if (!is_peer_key(written)) return false;
                   peers.key = written;
                   return true;
                 });
  visitor.list(
      "gateways", "The other gateways; more can be added while this one runs.",
      [&] { peers.gateways.emplace_back(); },
      [&](SettingsVisitor& element) {
        PeerSettings& peer = peers.gateways.back();
        element.checked_text("id", peer.id, true,
                             "1 to 128 letters, digits and \".\", \"_\", \"-\", \":\"",
                             is_instance_name, "its peers.id");
        element.checked_text("url", peer.url, true, "http://host[:port][/path]", is_instance_url,
                             "where it listens for clients");
        report_repeats(element, peers.gateways, "id",
                       [](const PeerSettings& p) -> const std::string& { return p.id; });
        if (!peer.id.empty() && peer.id == peers.id) {
          element.problem("id", "\"" + peer.id + "\" is the id of this gateway");
        }
      });
  if (peers.gateways.empty()) return;
  if (peers.id.empty()) visitor.problem("gateways", "needs peers.id, the name of this gateway");
  if (peers.key.empty()) visitor.problem("gateways", "needs peers.key, which all peers share");
}

}  // namespace

void visit_keys(SettingsVisitor& visitor, GatewaySettings& settings) {
  visitor.checked_text("listen", settings.listen, false, "host:port or [address]:port",
                       is_listen_address, "address for clients; port 0 takes a free one");
  visitor.section("admin", "The listener of /admin.", [&](SettingsVisitor& section) {
    section.checked_text("listen", settings.admin_listen, false, "host:port or [address]:port",
                         is_listen_address,
                         "address for operators; keep it where clients cannot reach it");
  });
  visitor.integer("threads", settings.threads, 0, 1024, "threads for requests; 0: one per core");
  visitor.section("policy", "How an instance is chosen.", [&](SettingsVisitor& section) {
    SchedulerOptions& scheduler = settings.scheduler;
    visit_part(section, "policy", scheduler.policy, scheduler.seed, make_policy);
  });
  visit_parts_beside(visitor, settings.scheduler);
  visit_shadow(visitor, settings.scheduler);
  visitor.section(
      "explain", "Which decisions /admin/decisions/ID explains in full.",
      [&](SettingsVisitor& section) { visit_explain(section, settings.scheduler.explain); });
  visitor.section("slo", "The target that policies and metrics use.",
                  [&](SettingsVisitor& section) { visit_slo(section, settings); });
  visitor.section("scheduler", "What is held in the gateway, and how it is ordered and moved.",
                  [&](SettingsVisitor& section) { visit_scheduler(section, settings.scheduler); });
  visit_lists(visitor, settings);
  visitor.section("peers", "Further gateways before the same instances.",
                  [&](SettingsVisitor& section) { visit_peers(section, settings.peers); });
  visitor.section("deadlines", "How long each phase of a request may take.",
                  [&](SettingsVisitor& section) { visit_deadlines(section, settings.deadlines); });
  visitor.section("retry", "Further attempts, before the first byte of an answer only.",
                  [&](SettingsVisitor& section) { visit_retry(section, settings.scheduler); });
  visitor.section("health", "When an instance is taken out and back in.",
                  [&](SettingsVisitor& section) { visit_health(section, settings.health); });
  visitor.section("headers", "Request headers that the gateway believes.",
                  [&](SettingsVisitor& section) { visit_headers(section, settings.headers); });
  visitor.scalar_list({.key = "api_keys",
                       .kind = ValueKind::kTextList,
                       .expected = "a key of at least 8 characters",
                       .text = "keys of which clients must send one (Authorization: Bearer); "
                               "none: no key is asked for",
                       .is_secret = true},
                      [&](std::string_view written) {
                        if (written.size() < 8) return false;
                        settings.api_keys.emplace_back(written);
                        return true;
                      });
  visitor.section(
      "limits", "Bounds on what clients may send and hold.",
      [&](SettingsVisitor& section) { visit_gateway_limits(section, settings.limits); });
  visitor.section("drain", "What SIGTERM does.",
                  [&](SettingsVisitor& section) { visit_keys(section, settings.drain); });
  visitor.section("log", "Lines on standard error.",
                  [&](SettingsVisitor& section) { visit_keys(section, settings.log); });
}

tl::expected<GatewaySettings, SettingsProblems> parse_gateway_settings(std::string_view text,
                                                                       std::string_view file) {
  GatewaySettings settings;
  SettingsProblems problems =
      read_yaml(text, file, [&](SettingsVisitor& visitor) { visit_keys(visitor, settings); });
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return settings;
}

const ModelSettings* GatewaySettings::model(std::string_view name) const {
  const auto entry = std::ranges::find(models, name, &ModelSettings::name);
  return entry == models.end() ? nullptr : &*entry;
}

}  // namespace ringmaster
