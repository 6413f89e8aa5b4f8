#include "engine/simulated/profile_json.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <variant>
#include <vector>

#include <simdjson.h>

#include "base/json_text.h"

namespace ringmaster::engine {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr double kSecondsMax = 1000;
constexpr double kTokensMax = 1e12;
constexpr double kContextMax = 1 << 28;
constexpr double kErrorMax = 10;
constexpr std::size_t kTextBytesMax = 1000;
constexpr std::uint64_t kOutputTokens = 2048;

/// A key of the file and where its value goes. Numbers lie in [low, high].
struct Key {
  std::string_view name;
  std::variant<std::string*, double*, std::uint32_t*, std::uint64_t*> value;
  bool is_required = false;
  double low = 0;
  double high = 0;
};

std::vector<Key> keys_of(InstanceProfile& p) {
  return {{"name", &p.name, true},
          {"prefill_seconds_per_token", &p.prefill_seconds_per_token, true, 1e-12, 10},
          {"device_kv_tokens", &p.device_kv_tokens, true, 1, kTokensMax},
          {"context_tokens_max", &p.context_tokens_max, true, 2, kContextMax},
          {"kv_cache_tokens", &p.kv_cache_tokens, false, 1, kTokensMax},
          {"prompt_tokens_max", &p.prompt_tokens_max, false, 1, kContextMax},
          {"step_seconds", &p.step_seconds, false, 0, kSecondsMax},
          {"step_seconds_per_sequence", &p.step_seconds_per_sequence, false, 0, kSecondsMax},
          {"step_seconds_per_kv_token", &p.step_seconds_per_kv_token, false, 0, kSecondsMax},
          {"weights_seconds", &p.weights_seconds, false, 0, kSecondsMax},
          {"decode_seconds_per_token", &p.decode_seconds_per_token, false, 0, kSecondsMax},
          {"attention_seconds_per_pair", &p.attention_seconds_per_pair, false, 0, kSecondsMax},
          {"host_load_seconds_per_token", &p.host_load_seconds_per_token, false, 0, kSecondsMax}};
}

std::vector<Key> keys_of(ProfileFit& f) {
  return {{"device", &f.device, true},
          {"date", &f.date, true},
          {"command", &f.command, true},
          {"fitted_steps", &f.fitted_steps, true, 1, kTokensMax},
          {"held_out_steps", &f.held_out_steps, true, 1, kTokensMax},
          {"error_mean", &f.error_mean, true, 0, kErrorMax},
          {"error_p90", &f.error_p90, true, 0, kErrorMax},
          {"error_max", &f.error_max, true, 0, kErrorMax}};
}

std::string range_text(const Key& key) {
  std::string text = "a number from ";
  append_json_number(text, key.low);
  text += " to ";
  append_json_number(text, key.high);
  return text;
}

/// Reads one object; what is wrong is told once, with its place.
class ObjectReader {
 public:
  ObjectReader(std::string place, std::vector<Key> keys)
      : place_(std::move(place)), keys_(std::move(keys)) {}

  /// `nested`: a key that is read elsewhere; empty: none.
  [[nodiscard]] Status read(const object& source, std::string_view nested) {
    std::vector<std::string_view> seen;
    for (const auto& [name, value] : source) {
      if (std::ranges::count(seen, name) > 0) return wrong(name, "is given twice");
      seen.push_back(name);
      if (!nested.empty() && name == nested) continue;
      const auto key = std::ranges::find(keys_, name, &Key::name);
      if (key == keys_.end()) return wrong(name, "is no key here; known are " + known(nested));
      if (auto status = store(*key, value); !status) return status;
    }
    for (const Key& key : keys_) {
      if (key.is_required && std::ranges::count(seen, key.name) == 0) {
        return wrong(key.name, "is missing");
      }
    }
    return {};
  }

 private:
  [[nodiscard]] Status wrong(std::string_view key, const std::string& problem) const {
    return invalid(place_ + std::string(key) + ": " + problem);
  }

  [[nodiscard]] std::string known(std::string_view nested) const {
    std::string names;
    for (const Key& key : keys_) names += (names.empty() ? "" : ", ") + std::string(key.name);
    if (!nested.empty()) names += ", " + std::string(nested);
    return names;
  }

  [[nodiscard]] Status store(const Key& key, const element& value) const {
    if (auto* const* text = std::get_if<std::string*>(&key.value)) {
      std::string_view read;
      if (value.get(read) != simdjson::SUCCESS || read.empty() || read.size() > kTextBytesMax) {
        return wrong(key.name,
                     "expected a text of 1 to " + std::to_string(kTextBytesMax) + " bytes");
      }
      **text = read;
      return {};
    }
    double number = 0;
    if (value.get(number) != simdjson::SUCCESS || !(number >= key.low && number <= key.high)) {
      return wrong(key.name, "expected " + range_text(key));
    }
    if (auto* const* real = std::get_if<double*>(&key.value)) {
      **real = number;
      return {};
    }
    if (number != std::floor(number)) return wrong(key.name, "expected a whole number");
    if (auto* const* count = std::get_if<std::uint32_t*>(&key.value)) {
      **count = static_cast<std::uint32_t>(number);
    } else {
      *std::get<std::uint64_t*>(key.value) = static_cast<std::uint64_t>(number);
    }
    return {};
  }

  std::string place_;
  std::vector<Key> keys_;
};

Result<ProfileFit> parse_fit(const element& value, const std::string& file) {
  object source;
  if (value.get(source) != simdjson::SUCCESS) return invalid(file + ": fit: expected an object");
  ProfileFit fit;
  if (auto status = ObjectReader(file + ": fit.", keys_of(fit)).read(source, ""); !status) {
    return tl::unexpected(std::move(status).error());
  }
  if (fit.error_mean > fit.error_max || fit.error_p90 > fit.error_max) {
    return invalid(file + ": fit.error_max: expected at least error_mean and error_p90");
  }
  return fit;
}

Status complete(InstanceProfile& profile, const std::string& file) {
  if (profile.kv_cache_tokens == 0) profile.kv_cache_tokens = profile.device_kv_tokens;
  const std::uint64_t room =
      std::min<std::uint64_t>(profile.context_tokens_max, profile.device_kv_tokens);
  if (profile.prompt_tokens_max == 0) {
    profile.prompt_tokens_max = static_cast<std::uint32_t>(
        room > 2 * kOutputTokens ? room - kOutputTokens : std::max<std::uint64_t>(room / 2, 1));
  }
  if (profile.prompt_tokens_max > room) {
    return invalid(file + ": prompt_tokens_max: expected at most " + std::to_string(room) +
                   ", the smaller one of context_tokens_max and device_kv_tokens");
  }
  if (!profile.fit && !profile.name.ends_with(kUncalibrated)) profile.name += kUncalibrated;
  return {};
}

void append_keys(std::string& out, const std::vector<Key>& keys, std::string_view indent) {
  for (const Key& key : keys) {
    if (out.back() != '{') out += ',';
    out += '\n';
    out += indent;
    append_json_string(out, key.name);
    out += ": ";
    std::visit(
        [&out](const auto* value) {
          if constexpr (requires { value->size(); }) {
            append_json_string(out, *value);
          } else {
            append_json_number(out, static_cast<double>(*value));
          }
        },
        key.value);
  }
}

}  // namespace

Result<InstanceProfile> parse_profile(std::string_view text, std::string_view file) {
  const std::string name(file);
  simdjson::dom::parser parser;
  element root;
  object source;
  if (const auto error = parser.parse(text.data(), text.size()).get(root)) {
    return invalid(name + ": expected JSON: " + simdjson::error_message(error));
  }
  if (root.get(source) != simdjson::SUCCESS) return invalid(name + ": expected a JSON object");
  InstanceProfile profile;
  if (auto status = ObjectReader(name + ": ", keys_of(profile)).read(source, "fit"); !status) {
    return tl::unexpected(std::move(status).error());
  }
  if (element value; source.at_key("fit").get(value) == simdjson::SUCCESS) {
    auto fit = parse_fit(value, name);
    if (!fit) return tl::unexpected(std::move(fit).error());
    profile.fit = std::move(*fit);
  }
  if (auto status = complete(profile, name); !status) {
    return tl::unexpected(std::move(status).error());
  }
  return profile;
}

std::string to_json(const InstanceProfile& profile) {
  InstanceProfile shown = profile;
  std::string out = "{";
  append_keys(out, keys_of(shown), "  ");
  if (shown.fit) {
    out += ",\n  \"fit\": {";
    append_keys(out, keys_of(*shown.fit), "    ");
    out += "\n  }";
  }
  return out + "\n}\n";
}

}  // namespace ringmaster::engine
