#include "tokens/chat_template.h"

#include "base/check.h"
#include "tokens/jinja/interpreter.h"
#include "tokens/jinja/parser.h"

namespace ringmaster {

Result<ChatTemplate> ChatTemplate::parse(std::string_view source, std::string_view name) {
  auto parsed = jinja::parse_template(source, name);
  if (!parsed) return tl::unexpected(std::move(parsed).error());
  return ChatTemplate(std::move(*parsed));
}

Result<MarkedText> ChatTemplate::render(const jinja::Value& variables,
                                        const std::optional<CivilTime>& now,
                                        const RenderLimits& limits) const {
  RINGMASTER_CHECK(variables.dict() != nullptr);
  RINGMASTER_CHECK(!now || (now->year >= 1 && now->month >= 1 && now->month <= 12));
  jinja::Rendering rendering(parsed_->name, limits, now);
  jinja::Scope globals;
  for (const auto& [name, value] : variables.dict()->entries()) globals.set(name.bytes(), value);
  MarkedText output;
  jinja::Interpreter(rendering, globals, limits.output_bytes_max)
      .execute(parsed_->body, globals, output);
  if (rendering.has_failed()) return invalid(*rendering.problem());
  return output;
}

}  // namespace ringmaster
