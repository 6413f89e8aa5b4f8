#include "cli/prompt_encoder_folder.h"

#include <ctime>
#include <utility>

#include "cli/text_file.h"

namespace ringmaster {
namespace {

// Empty if there is no such file.
Result<std::string> read_optional_file(const std::string& path) {
  auto text = read_text_file(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::string();
  return text;
}

CivilTime civil_time_now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return {.year = parts.tm_year + 1900,
          .month = parts.tm_mon + 1,
          .day = parts.tm_mday,
          .hour = parts.tm_hour,
          .minute = parts.tm_min,
          .second = parts.tm_sec};
}

}  // namespace

Result<std::shared_ptr<const PromptEncoder>> load_prompt_encoder(const std::string& folder) {
  const auto tokenizer = read_text_file(folder + "/tokenizer.json");
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  const auto config = read_optional_file(folder + "/tokenizer_config.json");
  if (!config) return tl::unexpected(config.error());
  const auto chat_template = read_optional_file(folder + "/chat_template.jinja");
  if (!chat_template) return tl::unexpected(chat_template.error());
  return PromptEncoder::create({.tokenizer_json = *tokenizer,
                                .tokenizer_config_json = *config,
                                .chat_template_jinja = *chat_template,
                                .folder = folder},
                               civil_time_now);
}

}  // namespace ringmaster
