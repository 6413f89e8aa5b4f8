#include "cli/prompt_encodings.h"

#include <string_view>
#include <utility>

#include "cli/prompt_encoder_folder.h"

namespace ringmaster {

Result<PromptEncodings> load_prompt_encodings(const GatewaySettings& settings) {
  PromptEncodings encodings;
  for (const ModelSettings& model : settings.models) {
    if (model.tokenizer.empty()) continue;
    auto encoder = load_prompt_encoder(model.tokenizer);
    if (!encoder) {
      return tl::unexpected(std::move(encoder.error()).while_doing("model " + model.name));
    }
    encodings[model.name] = std::make_shared<const PromptEncoding>(PromptEncoding{
        .chat = [encoder = *encoder](std::string_view body) { return encoder->encode_chat(body); },
        .completion = [encoder = *encoder](
                          std::string_view text) { return encoder->encode_completion(text); },
    });
  }
  return encodings;
}

}  // namespace ringmaster
