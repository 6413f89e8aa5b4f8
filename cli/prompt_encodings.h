#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "router/prompt_prefix.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

using PromptEncodings = std::map<std::string, std::shared_ptr<const PromptEncoding>, std::less<>>;

/// What the gateway needs to make tokens of prompts, by model, for each model with a tokenizer.
/// Fails with one line that names the model and the file.
[[nodiscard]] Result<PromptEncodings> load_prompt_encodings(const GatewaySettings& settings);

}  // namespace ringmaster
