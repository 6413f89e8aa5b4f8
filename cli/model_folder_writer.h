#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/tiny_model.h"

namespace ringmaster {

/// Writes a model's files into `folder`, which is made if it does not exist.
///
/// All or nothing as far as files can be: each is written under a temporary name, and only when all
/// are complete do they get their own. Fails with kInvalidArgument if the folder has entries and
/// `force` is false, or something cannot be written: one line that names the path and the reason.
[[nodiscard]] Status write_model_folder(const std::string& folder,
                                        const std::vector<engine::ModelFile>& files, bool force);

}  // namespace ringmaster
