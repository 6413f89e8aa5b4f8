#pragma once

#include <string_view>

namespace ringmaster {

/// error: someone must act; warn: degraded; info: state changes of the process or an instance;
/// debug: per request. Prompts and keys are never logged.
enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// Where log lines go. One line per fact, key=value fields, request id first.
///
/// Any thread may call write(). The core takes a LogSink& and never a global logger.
class LogSink {
 public:
  virtual ~LogSink() = default;

  /// Cheap; ask before formatting a costly line.
  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view line) = 0;
};

/// Drops everything. For tests and simulations.
class NullLog final : public LogSink {
 public:
  [[nodiscard]] bool enabled(LogLevel /*level*/) const override { return false; }
  void write(LogLevel /*level*/, std::string_view /*line*/) override {}
};

}  // namespace ringmaster
