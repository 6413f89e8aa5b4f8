#include "cli/engine_group.h"

#include <chrono>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

namespace ringmaster {
namespace {

/// A GPU gets its weights and chooses its matrix products before an engine is ready.
constexpr std::chrono::seconds kStartTimeout{300};
constexpr std::chrono::seconds kStopTimeout{5};

// The ready line of an engine is a JSON object with its address.
Result<std::string> url_in(const std::string& line) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(line, error);
  if (!error && value.is_object()) {
    const auto* url = value.as_object().if_contains("url");
    if (url != nullptr && url->is_string()) return std::string(url->as_string());
  }
  return fail(ErrorCode::kInternal, ErrorOrigin::kInstance, "unexpected ready line: " + line);
}

}  // namespace

Result<EngineGroup> EngineGroup::start(const EngineGroupOptions& options) {
  EngineGroup group;
  for (std::size_t i = 0; i < options.engines; ++i) {
    const std::string id = "engine-" + std::to_string(i);
    std::vector<std::string> arguments = {"engine",       "--model",  options.model, "--device",
                                          options.device, "--listen", "127.0.0.1:0", "--json"};
    arguments.insert(arguments.end(), options.flags.begin(), options.flags.end());
    if (!options.own_flags.empty()) {
      const auto& own = options.own_flags[i];
      arguments.insert(arguments.end(), own.begin(), own.end());
    }
    auto process = ChildProcess::start(arguments, options.log_folder + "/" + id + ".log");
    if (!process) return tl::unexpected(std::move(process.error()).while_doing(id));
    group.members_.push_back({.id = id, .url = {}, .process = std::move(*process)});
  }
  for (Member& member : group.members_) {
    auto url = member.process.read_line(kStartTimeout).and_then(url_in);
    if (!url) {
      // The engine says its own name in its line; it is the same program.
      constexpr std::string_view kPrefix = "ringmaster: ";
      if (url.error().message.starts_with(kPrefix)) url.error().message.erase(0, kPrefix.size());
      return tl::unexpected(std::move(url.error()).while_doing(member.id));
    }
    member.url = std::move(*url);
  }
  return group;
}

void EngineGroup::report_endings(LogSink& log) {
  for (Member& member : members_) {
    if (member.is_ended) continue;
    const auto ending = member.process.ending();
    if (!ending) continue;
    member.is_ended = true;
    log.write(LogLevel::kWarn, "engine=" + member.id + " ended by " + *ending);
  }
}

void EngineGroup::stop() {
  for (Member& member : members_) member.process.terminate();
  for (Member& member : members_) member.process.wait(kStopTimeout);
}

}  // namespace ringmaster
