#include "engine/cuda/tuning_file.h"

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace ringmaster::engine::cuda {
namespace {

constexpr const char* kTitle = "ringmaster matrix products for ";
constexpr std::size_t kProductsMax = 4096;

}  // namespace

TuningFile::TuningFile(std::string path, std::string device)
    : path_(std::move(path)), device_(std::move(device)) {
  if (path_.empty()) return;
  std::ifstream in(path_, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();  // Unlike an iterator it does not throw where a folder has that name.
  read(text.str());
}

const TuningChoice* TuningFile::find(const TuningKey& key) const {
  const auto found = choices_.find(key);
  return found == choices_.end() ? nullptr : &found->second;
}

void TuningFile::put(const TuningKey& key, const TuningChoice& choice) {
  choices_[key] = choice;
  is_changed_ = true;
}

bool TuningFile::save() {
  if (path_.empty() || !is_changed_) return true;
  std::error_code failed;
  const std::filesystem::path path(path_);
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), failed);
  // A name of this process's own: engines of one machine start at the same time.
  const std::string beside = path_ + ".new-" + std::to_string(::getpid());
  bool is_saved = false;
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << text();
    is_saved = static_cast<bool>(out.flush());
  }
  if (is_saved) std::filesystem::rename(beside, path_, failed);
  if (is_saved && !failed) {
    is_changed_ = false;
    return true;
  }
  std::filesystem::remove(beside, failed);
  return false;
}

std::string TuningFile::text() const {
  std::string text = kTitle + device_ + "\n";
  for (const auto& [key, choice] : choices_) {
    text += std::to_string(key.rows) + " " + std::to_string(key.inputs) + " " +
            std::to_string(key.outputs) + (key.is_f32 ? " f32" : " bf16") +
            (key.has_bias ? " bias" : " plain");
    for (const std::uint64_t word : choice) {
      char digits[20];
      std::snprintf(digits, sizeof digits, " %016" PRIx64, word);
      text += digits;
    }
    text += "\n";
  }
  return text;
}

bool TuningFile::read(const std::string& text) {
  choices_.clear();
  std::istringstream lines(text);
  std::string line;
  if (!text.ends_with('\n') || !std::getline(lines, line) || line != kTitle + device_) return false;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    TuningKey key;
    TuningChoice choice;
    std::string type;
    std::string bias;
    words >> key.rows >> key.inputs >> key.outputs >> type >> bias >> std::hex;
    for (std::uint64_t& word : choice) words >> word;
    const bool is_known = (type == "f32" || type == "bf16") && (bias == "bias" || bias == "plain");
    const bool is_whole = words && (words >> std::ws).eof();
    if (!is_whole || !is_known || choices_.size() == kProductsMax) {
      choices_.clear();
      return false;
    }
    key.is_f32 = type == "f32";
    key.has_bias = bias == "bias";
    choices_[key] = choice;
  }
  return true;
}

}  // namespace ringmaster::engine::cuda
