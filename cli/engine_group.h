#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "cli/child_process.h"

namespace ringmaster {

/// What every engine of a group has in common.
struct EngineGroupOptions {
  std::size_t engines = 4;
  std::string device = "cpu";
  std::string model;               ///< Folder.
  std::vector<std::string> flags;  ///< Further ones of `ringmaster engine`.
  /// Those that differ, by engine; empty: none do.
  std::vector<std::vector<std::string>> own_flags;
  std::string log_folder;  ///< engine-<n>.log go there.
};

/// Engine processes on free ports of the loopback. They end with this process.
class EngineGroup {
 public:
  struct Member {
    std::string id;   ///< "engine-0", ...
    std::string url;  ///< http://127.0.0.1:<port>
    ChildProcess process;
    bool is_ended = false;
  };

  /// Starts all of them and waits until each is ready. Fails with one line that names the engine
  /// and the last line it wrote.
  [[nodiscard]] static Result<EngineGroup> start(const EngineGroupOptions& options);

  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

  /// Logs each engine that has ended since the last call. Never blocks.
  void report_endings(LogSink& log);

  /// Asks all to finish and waits for them; kills those that take more than a few seconds.
  void stop();

 private:
  std::vector<Member> members_;
};

}  // namespace ringmaster
