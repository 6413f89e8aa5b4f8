#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"

namespace spdlog {
class logger;
}

namespace ringmaster {

/// Log lines on standard error, as text or as one JSON object a line. Any thread may write.
class SpdlogSink final : public LogSink {
 public:
  SpdlogSink(LogLevel least, bool json);
  ~SpdlogSink() override;
  SpdlogSink(const SpdlogSink&) = delete;
  SpdlogSink& operator=(const SpdlogSink&) = delete;

  [[nodiscard]] bool enabled(LogLevel level) const override;
  void write(LogLevel level, std::string_view line) override;

 private:
  std::shared_ptr<spdlog::logger> logger_;
  LogLevel least_;
  bool json_;
};

}  // namespace ringmaster
