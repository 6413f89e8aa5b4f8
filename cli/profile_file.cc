#include "cli/profile_file.h"

#include "cli/text_file.h"
#include "engine/simulated/profile_json.h"

namespace ringmaster {

Result<engine::InstanceProfile> load_profile(const std::string& name_or_file) {
  if (!name_or_file.ends_with(".json")) return engine::find_profile(name_or_file);
  const auto text = read_text_file(name_or_file);
  if (!text) return tl::unexpected(text.error());
  return engine::parse_profile(*text, name_or_file);
}

}  // namespace ringmaster
