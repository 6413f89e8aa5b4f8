#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "tokens/prompt_encoder.h"

namespace ringmaster {

/// The prompt encoder of a model's folder: tokenizer.json, and tokenizer_config.json and
/// chat_template.jinja where they exist. Templates see the date of today, UTC.
/// Fails with one line that names the file.
[[nodiscard]] Result<std::shared_ptr<const PromptEncoder>> load_prompt_encoder(
    const std::string& folder);

}  // namespace ringmaster
