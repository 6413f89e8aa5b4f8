#include "cli/spdlog_sink.h"

#include <algorithm>
#include <memory>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>

#include "base/json_text.h"

namespace ringmaster {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// Lines may name what came from outside: it must not start a line of its own.
std::string on_one_line(std::string_view line) {
  std::string out(line);
  std::ranges::replace_if(
      out, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return out;
}

}  // namespace

SpdlogSink::SpdlogSink(LogLevel least, bool json) : least_(least), json_(json) {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  logger_ = std::make_shared<spdlog::logger>("ringmaster", std::move(sink));
  logger_->set_level(spdlog_level(least));
  // ISO 8601 with milliseconds and offset; the JSON form carries the line as an escaped string.
  logger_->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","line":%v})"
                            : "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger_->flush_on(spdlog::level::warn);
}

SpdlogSink::~SpdlogSink() {
  logger_->flush();
}

bool SpdlogSink::enabled(LogLevel level) const {
  return level >= least_;
}

void SpdlogSink::write(LogLevel level, std::string_view line) {
  if (!enabled(level)) return;
  if (json_) {
    logger_->log(spdlog_level(level), "{}", json_string(line));
  } else {
    logger_->log(spdlog_level(level), "{}", on_one_line(line));
  }
}

}  // namespace ringmaster
