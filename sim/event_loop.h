#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace ringmaster::sim {

enum class OccurrenceKind : std::uint8_t {
  kArrival,  ///< Request `subject` reaches the gateway.
  kStepEnd,  ///< The step that instance `subject` runs is over.
  kForward,  ///< Request `subject` reaches the gateway that owns its instance.
  kReturn,   ///< That gateway refuses request `subject`, and its own one hears of it.
  kRefusal,  ///< An instance answers that it cannot take request `subject`.
  kReport,   ///< Instance `subject` describes its load.
  kSignal,   ///< What an instance said some time ago reaches the gateways.
  kWake,     ///< Gateway `subject` asked for a tick.
  kChange,   ///< Change `subject` of the fleet happens.
  kJoin,     ///< The instance of place `subject` is ready.
  kRestart,  ///< The instance of place `subject` is back after a crash.
  kProbe,    ///< The gateways probe instance `subject`.
  kScaling,  ///< The autoscaler looks at the fleet.
};

/// Something that happens at a point of virtual time.
struct Occurrence {
  TimePoint time{};
  std::uint64_t sequence = 0;  ///< Order of scheduling; decides between equal times.
  OccurrenceKind kind = OccurrenceKind::kArrival;
  std::uint32_t subject = 0;
};

/// Virtual time: hands out what was scheduled, earliest first.
///
/// Of equal times what was scheduled first comes first, so a run depends on nothing but its
/// inputs. Plain values in a binary heap: no allocation per occurrence, O(log pending) each.
class EventLoop final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }

  /// Requires: `time` is not before now().
  void schedule(TimePoint time, OccurrenceKind kind, std::uint32_t subject);

  /// Takes out the next one and moves the clock to it; nothing if none is left.
  [[nodiscard]] std::optional<Occurrence> next();

 private:
  TimePoint now_{};
  std::uint64_t next_sequence_ = 0;
  std::vector<Occurrence> heap_;  // The earliest on top.
};

}  // namespace ringmaster::sim
