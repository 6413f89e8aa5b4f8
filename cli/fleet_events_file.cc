#include "cli/fleet_events_file.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "cli/profile_file.h"
#include "cli/text_file.h"
#include "settings/yaml_reader.h"
#include "sim/simulation.h"

namespace ringmaster {
namespace {

using sim::FleetChangeKind;

constexpr Duration kTimeMax = std::chrono::hours(24 * 365);
constexpr double kFactorMin = 0.01;
constexpr double kFactorMax = 1000.0;

/// One item of `events`, as written.
struct WrittenEvent {
  sim::FleetChange change;
  std::int32_t instance = -1;  ///< -1: not given.
  std::uint32_t count = 1;
  std::string profile;
};

void visit_effect(SettingsVisitor& v, FleetChangeKind kind, Duration& length, double& factor) {
  v.duration("length", length, Duration::zero(), kTimeMax,
             "How long a stall, a slow-down or the downtime of a crash lasts (a crash: 0s, for "
             "ever); of a join, its start-up.");
  v.number("factor", factor, kFactorMin, kFactorMax,
           "How many times as long steps take while slow.");
  const bool lasts = kind == FleetChangeKind::kStall || kind == FleetChangeKind::kSlow;
  if (lasts && length == Duration::zero()) v.problem("length", "must be given, and above 0s");
}

void visit_event(SettingsVisitor& v, WrittenEvent& event) {
  sim::FleetChange& change = event.change;
  v.duration("at", change.at, Duration::zero(), kTimeMax,
             "Since the arrival of the first counted request.");
  v.choice<FleetChangeKind>("what", change.kind,
                            {{"join", FleetChangeKind::kJoin},
                             {"leave", FleetChangeKind::kLeave},
                             {"crash", FleetChangeKind::kCrash},
                             {"stall", FleetChangeKind::kStall},
                             {"slow", FleetChangeKind::kSlow}},
                            "crash", "What happens.");
  v.integer("instance", event.instance, 0, static_cast<std::int32_t>(sim::kInstancesMax) - 1,
            "Its number; left out: one that is up, at random.");
  v.integer("count", event.count, 1, sim::kInstancesMax, "How many instances join.");
  v.text("profile", event.profile, false, "Of the instances that join; left out: the first's.");
  visit_effect(v, change.kind, change.length, change.factor);
  const bool joins = change.kind == FleetChangeKind::kJoin;
  if (joins && event.instance >= 0) v.problem("instance", "is not given to an instance that joins");
  if (!joins && event.count != 1) v.problem("count", "is of joins only");
  if (!joins && !event.profile.empty()) v.problem("profile", "is of joins only");
  if (event.profile.empty()) return;
  if (auto profile = load_profile(event.profile)) {
    change.profile = std::move(*profile);
  } else {
    v.problem("profile", profile.error().message);
  }
}

void visit_random(SettingsVisitor& v, sim::RandomChanges& changes) {
  v.choice<FleetChangeKind>("what", changes.kind,
                            {{"crash", FleetChangeKind::kCrash},
                             {"stall", FleetChangeKind::kStall},
                             {"slow", FleetChangeKind::kSlow}},
                            "crash", "What happens.");
  v.duration("every", changes.mean_gap, Duration(1), kTimeMax,
             "Mean time between two, in the whole fleet; exponential gaps.");
  if (changes.mean_gap == Duration::zero()) v.problem("every", "must be given");
  visit_effect(v, changes.kind, changes.length, changes.factor);
}

sim::FleetChanges changes_of(std::vector<WrittenEvent> events,
                             std::vector<sim::RandomChanges> random) {
  sim::FleetChanges changes{.random = std::move(random)};
  for (WrittenEvent& event : events) {
    if (event.instance >= 0) event.change.instance = static_cast<std::uint32_t>(event.instance);
    changes.given.insert(changes.given.end(), event.count, event.change);
  }
  return changes;
}

}  // namespace

Result<sim::FleetChanges> parse_fleet_events(std::string_view text, std::string_view file) {
  std::vector<WrittenEvent> events;
  std::vector<sim::RandomChanges> random;
  const auto problems = read_yaml(text, file, [&](SettingsVisitor& visitor) {
    visitor.list(
        "events", "What happens at given times.", [&] { events.emplace_back(); },
        [&](SettingsVisitor& v) { visit_event(v, events.back()); });
    visitor.list(
        "random", "What happens at random times.", [&] { random.emplace_back(); },
        [&](SettingsVisitor& v) { visit_random(v, random.back()); });
  });
  if (problems.empty()) return changes_of(std::move(events), std::move(random));
  std::string all;
  for (const std::string& problem : problems) all += (all.empty() ? "" : "\n") + problem;
  return invalid(std::move(all));
}

Result<sim::FleetChanges> load_fleet_events(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  return parse_fleet_events(*text, path);
}

}  // namespace ringmaster
