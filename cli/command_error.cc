#include "cli/command_error.h"

#include <cstdio>

namespace ringmaster {

int complain(const Error& error) {
  std::fprintf(stderr, "ringmaster: %s\n", error.message.c_str());
  return error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kNotFound ? 2 : 1;
}

}  // namespace ringmaster
