#pragma once

#include <string>
#include <string_view>

namespace ringmaster {

/// An engine's error body in OpenAI's form, {"error":{"message","type","param","code"}}.
///
/// A body that has this form already comes back byte for byte. The flat form of SGLang, an
/// `error` that is a string (TGI, llama.cpp), a `detail` (FastAPI) and plain text become the
/// nested form with their message kept, cut to 4 KiB.
[[nodiscard]] std::string openai_error_from(int status, std::string body);

}  // namespace ringmaster
