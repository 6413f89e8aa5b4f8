#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace ringmaster {

/// What went wrong, just fine enough to choose a reaction by.
enum class ErrorCode {
  kInvalidArgument,   ///< The caller must change its request.
  kNotFound,          ///< The named thing does not exist.
  kOverloaded,        ///< A bounded queue is full; try again later.
  kUnavailable,       ///< No instance can serve this now.
  kDeadlineExceeded,  ///< The deadline passed before an answer.
  kCancelled,         ///< Whoever asked has gone away.
  kInternal,          ///< A bug or a broken dependency.
};

/// Whose side failed. Decides the HTTP status family and the log level.
enum class ErrorOrigin { kClient, kInstance, kRouter };

/// A failure that the program expects and handles. Bugs are checks (base/check.h), not errors.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  ErrorOrigin origin = ErrorOrigin::kRouter;
  bool retryable = false;  ///< True only while no byte of the answer has been sent.
  std::string message;     ///< One line, lower case, no final full stop.

  /// Returns this error with "<action>: " put before its message.
  [[nodiscard]] Error while_doing(std::string_view action) && {
    message.insert(0, std::string(action) + ": ");
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

/// An error of the caller's making: bad input, named by its place and what was expected.
[[nodiscard]] inline tl::unexpected<Error> invalid(std::string message) {
  return tl::unexpected(Error{.code = ErrorCode::kInvalidArgument,
                              .origin = ErrorOrigin::kClient,
                              .message = std::move(message)});
}

/// Any other error.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, ErrorOrigin origin,
                                                std::string message, bool retryable = false) {
  return tl::unexpected(
      Error{.code = code, .origin = origin, .retryable = retryable, .message = std::move(message)});
}

}  // namespace ringmaster
