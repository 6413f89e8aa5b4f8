#include "http/message.h"

#include <algorithm>

#include "http/ascii.h"

namespace ringmaster::http {

const std::string* Fields::find(std::string_view name) const {
  for (const auto& [field_name, value] : fields_) {
    if (equals_ignoring_case(field_name, name)) return &value;
  }
  return nullptr;
}

void Fields::add(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
}

void Fields::set(std::string_view name, std::string_view value) {
  const auto same = [&](const Field& field) { return equals_ignoring_case(field.first, name); };
  const auto first = std::find_if(fields_.begin(), fields_.end(), same);
  if (first == fields_.end()) return add(name, value);
  first->second = value;
  fields_.erase(std::remove_if(first + 1, fields_.end(), same), fields_.end());
}

void Fields::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& f) { return equals_ignoring_case(f.first, name); });
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

Response json_response(int status, std::string body) {
  Response response{.status = status, .fields = {}, .body = std::move(body)};
  response.fields.add("Content-Type", "application/json");
  return response;
}

}  // namespace ringmaster::http
