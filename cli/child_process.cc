#include "cli/child_process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "cli/text_file.h"

namespace ringmaster {
namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock;

tl::unexpected<Error> system_failure(const std::string& action) {
  return fail(ErrorCode::kInternal, ErrorOrigin::kRouter, action + ": " + std::strerror(errno));
}

// Runs in the child between fork and exec: only calls that are safe there.
[[noreturn]] void become_program(char* const* arguments, pid_t parent, int output, int log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // the parent ended before the call above
  setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv("/proc/self/exe", arguments);
  constexpr std::string_view kMessage = "cannot start a further ringmaster process\n";
  (void)!write(STDERR_FILENO, kMessage.data(), kMessage.size());
  _exit(127);
}

int milliseconds_until(SteadyTime::time_point deadline) {
  const auto left = std::chrono::ceil<Milliseconds>(deadline - SteadyTime::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments,
                                         const std::string& log_file) {
  std::string name = "ringmaster";
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers{name.data()};
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return system_failure("cannot write " + log_file);
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    close(log);
    return system_failure("cannot make a pipe");
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become_program(pointers.data(), parent, pipe_ends[1], log);
  close(log);
  close(pipe_ends[1]);
  if (pid < 0) {
    close(pipe_ends[0]);
    return system_failure("cannot start a process");
  }
  return ChildProcess(pid, pipe_ends[0], log_file);
}

ChildProcess::ChildProcess(pid_t pid, int output, std::string log_file)
    : pid_(pid), output_(output), log_file_(std::move(log_file)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      log_file_(std::move(other.log_file_)),
      read_(std::move(other.read_)),
      ending_(std::move(other.ending_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  kill_and_reap();
  close(output_);
}

Result<std::string> ChildProcess::read_line(Milliseconds timeout) {
  const auto deadline = SteadyTime::now() + timeout;
  while (true) {
    const std::size_t end = read_.find('\n');
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    pollfd waiting{.fd = output_, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      return fail(ErrorCode::kDeadlineExceeded, ErrorOrigin::kInstance, "is not ready in time");
    }
    std::array<char, 4096> piece{};
    const ssize_t count = read(output_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return fail(ErrorCode::kUnavailable, ErrorOrigin::kInstance, last_log_line());
    }
    read_.append(piece.data(), static_cast<std::size_t>(count));
  }
}

void ChildProcess::terminate() {
  if (!ending()) ::kill(pid_, SIGTERM);
}

std::optional<std::string> ChildProcess::ending() {
  int status = 0;
  if (!ending_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    ending_ = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                  : "exit code " + std::to_string(WEXITSTATUS(status));
  }
  return ending_;
}

void ChildProcess::wait(Milliseconds timeout) {
  // Its standard output is closed when it ends, and by nothing else.
  const auto deadline = SteadyTime::now() + timeout;
  std::array<char, 4096> piece{};
  while (!ending()) {
    pollfd waiting{.fd = output_, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || read(output_, piece.data(), piece.size()) <= 0) break;
  }
  kill_and_reap();
}

void ChildProcess::kill_and_reap() {
  if (ending()) return;
  // One that has closed its output is about to end by itself: let it keep its exit code.
  for (int i = 0; i < 50 && !ending(); ++i) poll(nullptr, 0, 1);
  if (ending()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ending_ = "signal 9";
}

std::string ChildProcess::last_log_line() const {
  auto text = read_text_file(log_file_);
  if (!text) return text.error().message;
  while (text->ends_with('\n')) text->pop_back();
  return text->empty() ? "ended without a word" : text->substr(text->rfind('\n') + 1);
}

}  // namespace ringmaster
