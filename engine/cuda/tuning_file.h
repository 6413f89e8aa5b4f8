#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace ringmaster::engine::cuda {

/// A kind of matrix product and a bucket of rows.
struct TuningKey {
  std::int32_t rows = 0;  ///< A power of two; see gemm_bucket().
  std::int32_t inputs = 0;
  std::int32_t outputs = 0;
  bool is_f32 = false;
  bool has_bias = false;

  auto operator<=>(const TuningKey&) const = default;
};

/// What the library calls an algorithm: 64 bytes that only the same version understands.
using TuningChoice = std::array<std::uint64_t, 8>;

/// Remembers which algorithm was fastest for a product, from one start to the next: a text file
/// with a first line that names GPU and library version, and one line per product. A file with
/// another first line, or with anything unexpected in it, counts as empty and is written anew.
class TuningFile {
 public:
  /// `device` names GPU and library version; `path` empty: nothing is read or kept.
  TuningFile(std::string path, std::string device);

  [[nodiscard]] const TuningChoice* find(const TuningKey& key) const;
  void put(const TuningKey& key, const TuningChoice& choice);

  /// Writes what was put, beside the old file first and then in its place, so that a reader never
  /// sees half of it. False if it could not be written; the choices hold for this process anyway.
  [[nodiscard]] bool save();

  /// The same as text; for tests and save().
  [[nodiscard]] std::string text() const;
  /// Replaces everything by what `text` says; false and empty if it is not such a text.
  bool read(const std::string& text);

 private:
  std::string path_;
  std::string device_;
  std::map<TuningKey, TuningChoice> choices_;
  bool is_changed_ = false;
};

}  // namespace ringmaster::engine::cuda
