#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace ringmaster {

/// Another process of this very program, which ends with this one, even when this one is killed.
///
/// It gets no terminal: its standard input is empty, its standard output is read here, its standard
/// error goes to a file, and Ctrl-C reaches only this process. Use from the main thread only: the
/// kernel ends a child when the thread that made it ends.
class ChildProcess {
 public:
  /// Starts `ringmaster <arguments...>`. Fails with kInternal and the reason.
  [[nodiscard]] static Result<ChildProcess> start(const std::vector<std::string>& arguments,
                                                  const std::string& log_file);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Kills it if it still runs.
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// The next line of its standard output, without the line end. Fails with kUnavailable if it
  /// ended first (the message is the last line of its log), or kDeadlineExceeded.
  [[nodiscard]] Result<std::string> read_line(std::chrono::milliseconds timeout);

  /// Asks it to finish.
  void terminate();

  /// How it ended ("exit code 1", "signal 9"), or nothing if it still runs.
  [[nodiscard]] std::optional<std::string> ending();

  /// Waits for its end; kills it when the time is up.
  void wait(std::chrono::milliseconds timeout);

 private:
  ChildProcess(pid_t pid, int output, std::string log_file);
  void kill_and_reap();
  [[nodiscard]] std::string last_log_line() const;

  pid_t pid_;
  int output_;  // read end of the pipe that is its standard output
  std::string log_file_;
  std::string read_;
  std::optional<std::string> ending_;
};

}  // namespace ringmaster
