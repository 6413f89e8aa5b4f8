#include "settings/yaml_reader.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/known_names.h"

namespace ringmaster {
namespace {

constexpr std::size_t kTextBytesMax = std::size_t{1} << 20U;
constexpr std::size_t kQuotedBytesMax = 60;

// Problems with their places, sorted before they are shown: keys are visited in the order in which
// the struct names them, not in that of the file.
class ProblemList {
 public:
  void add(const YAML::Mark& mark, const std::string& path, const std::string& problem) {
    const bool has_place = !mark.is_null();
    problems_.push_back({has_place ? mark.line + 1 : 1, has_place ? mark.column + 1 : 1,
                         (path.empty() ? "" : path + ": ") + problem});
  }

  SettingsProblems lines(std::string_view file) {
    std::ranges::stable_sort(problems_, [](const Problem& a, const Problem& b) {
      return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    SettingsProblems lines;
    for (const auto& [line, column, text] : problems_) {
      lines.push_back(std::string(file) + ":" + std::to_string(line) + ":" +
                      std::to_string(column) + ": " + text);
    }
    return lines;
  }

 private:
  struct Problem {
    int line;
    int column;
    std::string text;
  };
  std::vector<Problem> problems_;
};

std::string quoted(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a mapping";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      break;
    default:
      return "empty";
  }
  const std::string& text = node.Scalar();
  if (text.size() <= kQuotedBytesMax) return '"' + text + '"';
  return '"' + text.substr(0, kQuotedBytesMax) + "...\"";
}

// One mapping of the file.
class YamlReader final : public SettingsVisitor {
 public:
  YamlReader(const YAML::Node& mapping, std::string path, ProblemList& problems)
      : mark_(mapping.Mark()), path_(std::move(path)), problems_(&problems) {
    for (const auto& entry : mapping) add_entry(entry.first, entry.second);
  }

  void section(const std::string& key, const std::string& /*text*/, const Section& visit) override {
    const Entry* entry = take(key);
    if (entry == nullptr) return;
    if (entry->value.IsMap()) {
      visit_mapping(entry->value, path_of(key), visit);
    } else {
      must_be(*entry, path_of(key), "a mapping");
    }
  }

  void list(const std::string& key, const std::string& /*text*/, const std::function<void()>& add,
            const Section& visit) override {
    const Entry* entry = take(key);
    if (entry == nullptr) return;
    if (!entry->value.IsSequence()) return must_be(*entry, path_of(key), "a list");
    for (std::size_t i = 0; i < entry->value.size(); ++i) {
      const YAML::Node element = entry->value[i];
      const std::string path = path_of(key) + "[" + std::to_string(i) + "]";
      if (element.IsMap()) {
        add();
        visit_mapping(element, path, visit);
      } else {
        problems_->add(element.Mark(), path, "must be a mapping, is " + quoted(element));
      }
    }
  }

  void options(const std::string& /*text*/,
               std::vector<std::pair<std::string, std::string>>& values) override {
    for (Entry& entry : entries_) {
      if (entry.is_taken) continue;
      entry.is_taken = true;
      if (entry.value.IsScalar()) {
        values.emplace_back(entry.key, entry.value.Scalar());
      } else {
        must_be(entry, path_of(entry.key), "one value");
      }
    }
  }

  void scalar(const KeyDescription& key, const Assign& assign) override {
    const Entry* entry = take(key.key);
    if (entry == nullptr) {
      if (key.is_required) problems_->add(mark_, path_of(key.key), "is missing (" + key.text + ")");
      return;
    }
    check_scalar(entry->value, entry->mark, path_of(key.key), key, assign);
  }

  void scalar_list(const KeyDescription& key, const Assign& assign) override {
    const Entry* entry = take(key.key);
    if (entry == nullptr) return;
    if (!entry->value.IsSequence()) return must_be(*entry, path_of(key.key), "a list");
    for (std::size_t i = 0; i < entry->value.size(); ++i) {
      const YAML::Node element = entry->value[i];
      check_scalar(element, element.Mark(), path_of(key.key) + "[" + std::to_string(i) + "]", key,
                   assign);
    }
  }

  void problem(const std::string& key, const std::string& text) override {
    const auto entry = std::ranges::find(entries_, key, &Entry::key);
    problems_->add(entry == entries_.end() ? mark_ : place_of(*entry), path_of(key), text);
  }

  void reject_unknown_keys() {
    const std::vector<std::string_view> known(known_.begin(), known_.end());
    for (const Entry& entry : entries_) {
      if (entry.is_taken) continue;
      const std::string meant(nearest_name(entry.key, known));
      problems_->add(entry.mark, path_of(entry.key),
                     "unknown key" + (meant.empty() ? "" : "; did you mean " + meant + "?"));
    }
  }

  static void visit_root(const YAML::Node& root, ProblemList& problems, const Section& visit) {
    visit_mapping(root, "", problems, visit);
  }

 private:
  struct Entry {
    std::string key;
    YAML::Mark mark;  // of the key
    YAML::Node value;
    bool is_taken = false;
  };

  static void visit_mapping(const YAML::Node& mapping, const std::string& path,
                            ProblemList& problems, const Section& visit) {
    YamlReader reader(mapping, path, problems);
    visit(reader);
    reader.reject_unknown_keys();
  }

  void visit_mapping(const YAML::Node& mapping, const std::string& path, const Section& visit) {
    visit_mapping(mapping, path, *problems_, visit);
  }

  void add_entry(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar()) {
      problems_->add(key.Mark(), path_, "a key must be text, is " + quoted(key));
    } else if (std::ranges::find(entries_, key.Scalar(), &Entry::key) != entries_.end()) {
      problems_->add(key.Mark(), path_of(key.Scalar()), "is given twice");
    } else {
      entries_.push_back({key.Scalar(), key.Mark(), value});
    }
  }

  const Entry* take(const std::string& key) {
    known_.push_back(key);
    const auto entry = std::ranges::find(entries_, key, &Entry::key);
    if (entry == entries_.end()) return nullptr;
    entry->is_taken = true;
    return &*entry;
  }

  void check_scalar(const YAML::Node& value, const YAML::Mark& key_mark, const std::string& path,
                    const KeyDescription& key, const Assign& assign) {
    if (value.IsScalar() && assign(value.Scalar())) return;
    const bool is_here = value.IsDefined() && !value.IsNull();
    problems_->add(is_here ? value.Mark() : key_mark, path,
                   "must be " + key.expected + (key.is_secret ? "" : ", is " + quoted(value)));
  }

  // An empty value has no place of its own.
  [[nodiscard]] static YAML::Mark place_of(const Entry& entry) {
    return entry.value.IsNull() ? entry.mark : entry.value.Mark();
  }

  void must_be(const Entry& entry, const std::string& path, const std::string& what) {
    problems_->add(place_of(entry), path, "must be " + what + ", is " + quoted(entry.value));
  }

  [[nodiscard]] std::string path_of(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
  }

  YAML::Mark mark_;
  std::string path_;
  ProblemList* problems_;
  std::vector<Entry> entries_;
  std::vector<std::string> known_;
};

void read_document(const std::string& text, ProblemList& problems,
                   const SettingsVisitor::Section& visit) {
  const std::vector<YAML::Node> documents = YAML::LoadAll(text);
  if (documents.size() > 1) {
    return problems.add(documents[1].Mark(), "", "only one document is allowed in a file");
  }
  const YAML::Node root = documents.empty() ? YAML::Node(YAML::NodeType::Map) : documents.front();
  if (root.IsMap() || root.IsNull()) {
    YamlReader::visit_root(root.IsNull() ? YAML::Node(YAML::NodeType::Map) : root, problems, visit);
  } else {
    problems.add(root.Mark(), "", "must be a mapping of keys, is " + quoted(root));
  }
}

}  // namespace

SettingsProblems read_yaml(std::string_view text, std::string_view file,
                           const SettingsVisitor::Section& visit) {
  ProblemList problems;
  if (text.size() > kTextBytesMax) {
    problems.add(YAML::Mark::null_mark(), "", "must be at most 1 MiB");
    return problems.lines(file);
  }
  try {
    read_document(std::string(text), problems, visit);
  } catch (const YAML::Exception& error) {
    problems.add(error.mark, "", "not valid YAML: " + error.msg);
  }
  return problems.lines(file);
}

}  // namespace ringmaster
