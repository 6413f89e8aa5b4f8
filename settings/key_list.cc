#include "settings/key_list.h"

#include <string>
#include <utility>

#include "settings/engine_settings.h"
#include "settings/gateway_settings.h"
#include "settings/settings_keys.h"

namespace ringmaster {
namespace {

class KeyLister final : public SettingsVisitor {
 public:
  KeyLister(std::vector<KeyDescription>& keys, std::string prefix)
      : keys_(&keys), prefix_(std::move(prefix)) {}

  void section(const std::string& key, const std::string& text, const Section& visit) override {
    enter(key, ValueKind::kSection, "a mapping", text, ".", visit);
  }

  void list(const std::string& key, const std::string& text, const std::function<void()>& add,
            const Section& visit) override {
    add();
    enter(key, ValueKind::kList, "a list of mappings", text, "[].", visit);
  }

  void options(const std::string& text,
               std::vector<std::pair<std::string, std::string>>& /*values*/) override {
    keys_->push_back({.key = prefix_ + "*",
                      .kind = ValueKind::kOptions,
                      .expected = "an option of what is named",
                      .text = text});
  }

  void scalar(const KeyDescription& key, const Assign& /*assign*/) override {
    keys_->push_back(key);
    keys_->back().key = prefix_ + key.key;
  }

  void scalar_list(const KeyDescription& key, const Assign& assign) override {
    scalar(key, assign);
  }

  void problem(const std::string& /*key*/, const std::string& /*text*/) override {}

 private:
  void enter(const std::string& key, ValueKind kind, const std::string& expected,
             const std::string& text, const std::string& separator, const Section& visit) {
    keys_->push_back({.key = prefix_ + key, .kind = kind, .expected = expected, .text = text});
    KeyLister inner(*keys_, prefix_ + key + separator);
    visit(inner);
  }

  std::vector<KeyDescription>* keys_;
  std::string prefix_;
};

template <class Settings>
std::vector<KeyDescription> keys_of() {
  std::vector<KeyDescription> keys;
  KeyLister lister(keys, "");
  Settings settings;
  visit_keys(lister, settings);
  return keys;
}

}  // namespace

std::vector<KeyDescription> gateway_keys() {
  return keys_of<GatewaySettings>();
}
std::vector<KeyDescription> engine_keys() {
  return keys_of<EngineSettings>();
}

}  // namespace ringmaster
