#pragma once

#include "base/result.h"

namespace ringmaster {

/// Says what went wrong in one line on standard error. Returns the exit code: 2 where the caller
/// must change the command or its files, else 1.
int complain(const Error& error);

}  // namespace ringmaster
