#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <vector>

#include "engine/cuda/kernels/bf16.h"

namespace ringmaster::engine::cuda {

/// A matrix in shared memory by the bits of its descriptor (PTX ISA, "Matrix descriptor format" and
/// "Shared memory matrix layout"); only the swizzle of 128 bytes is known here.
class EmulatedMatrix {
 public:
  /// Fails with std::logic_error if a reserved bit is set or another layout is asked for.
  explicit EmulatedMatrix(std::uint64_t bits)
      : start_(field(bits, 0)), leading_(field(bits, 16)), stride_(field(bits, 32)) {
    constexpr std::uint64_t kReserved = 3ULL << 14U | 3ULL << 30U | 7ULL << 46U | 0x3ffULL << 52U;
    if ((bits & kReserved) != 0) throw std::logic_error("a descriptor has reserved bits");
    if ((bits >> 49U & 7U) != 0) throw std::logic_error("no base offset is known here");
    if (bits >> 62U != 1) throw std::logic_error("only the swizzle of 128 bytes is known here");
  }

  /// Where element k of row `row` of M or N lies if rows are contiguous ("K-major"): eight rows of
  /// 128 bytes, the next eight `stride` further on.
  [[nodiscard]] std::uint32_t in_rows(int row, int k) const {
    const auto r = static_cast<std::uint32_t>(row);
    return swizzled(start_ + r / 8 * stride_ + r % 8 * 128 + static_cast<std::uint32_t>(k) * 2);
  }
  /// If columns are ("MN-major"): 64 elements of a column in 128 bytes, the next 64 `leading`
  /// further on; eight columns so, the next eight `stride` further on.
  [[nodiscard]] std::uint32_t in_columns(int row, int k) const {
    const auto r = static_cast<std::uint32_t>(row);
    const auto column = static_cast<std::uint32_t>(k);
    return swizzled(start_ + r / 64 * leading_ + r % 64 * 2 + column / 8 * stride_ +
                    column % 8 * 128);
  }

 private:
  static std::uint32_t field(std::uint64_t bits, unsigned from) {
    return static_cast<std::uint32_t>(bits >> from & 0x3fffU) << 4U;
  }
  /// Bits 4 to 6 of an address, by bits 7 to 9: of the address itself, not of the matrix.
  static std::uint32_t swizzled(std::uint32_t address) {
    return address ^ (address >> 7U & 7U) << 4U;
  }

  std::uint32_t start_;
  std::uint32_t leading_;
  std::uint32_t stride_;
};

/// The products that one warpgroup has under way. Those of 64 rows, 16 products deep: thread t has
/// of the sums, and of a first operand in registers, what mma.m16n8k16 gives lane t % 32 of rows
/// [t / 32 * 16, + 16). Until products are waited for, their sums are NaNs: what is written there
/// is lost. All failures are std::logic_error.
class EmulatedWarpgroup {
 public:
  /// The bfloat16 at an address of shared memory; fails if it may not be read.
  using Read = std::function<float(std::uint32_t address)>;
  struct Product {
    int tiles = 0;  ///< Of 8 columns.
    float* sums[128] = {};
    const std::uint32_t* a[128] = {};  ///< Null: by its descriptor, in rows.
    std::uint64_t a_matrix = 0;
    std::uint64_t b_matrix = 0;  ///< In rows, or if `a` is in registers in columns.
    bool adds = true;
  };

  /// `is_early`: computed at once, as if the hardware had nothing else to do, else at the last
  /// moment that the kernel's waits allow.
  void add(const Product& product, bool is_early, const Read& read) {
    for (float* sums : product.sums) {
      auto& under_way = under_way_[sums];
      if (under_way.products++ == 0) under_way.sums.assign(sums, sums + product.tiles * 4);
      if (under_way.sums.size() != static_cast<std::size_t>(product.tiles) * 4) {
        throw std::logic_error("products of two shapes go to the same sums");
      }
      std::fill_n(sums, product.tiles * 4, std::numeric_limits<float>::quiet_NaN());
    }
    const auto values = is_early ? multiply(product, read) : std::vector<float>{};
    pending_.push_back({product, values, groups_});
  }

  /// Makes those that were added since the last time a group.
  void commit() { ++groups_; }

  /// Finishes all but the newest `unfinished` groups; fails if some products are in none.
  void finish(int unfinished, const Read& read) {
    std::erase_if(pending_, [&](const Pending& pending) {
      if (pending.group == groups_) throw std::logic_error("products are not committed");
      if (pending.group >= groups_ - unfinished) return false;
      add_up(pending, pending.values.empty() ? multiply(pending.product, read) : pending.values);
      return true;
    });
  }

  [[nodiscard]] bool is_idle() const { return pending_.empty(); }
  void clear() {
    pending_.clear();
    under_way_.clear();
    groups_ = 0;
  }

 private:
  struct Pending {
    Product product;
    std::vector<float> values;  // [64, tiles * 8]; empty: not yet computed.
    int group = 0;
  };
  struct UnderWay {
    std::vector<float> sums;
    int products = 0;
  };

  static std::vector<float> multiply(const Product& product, const Read& read) {
    const int columns = product.tiles * 8;
    const bool is_in_registers = product.a[0] != nullptr;
    const EmulatedMatrix b(product.b_matrix);
    std::vector<float> a_values =
        is_in_registers ? from_registers(product) : from_rows(product, read);
    std::vector<float> b_values(static_cast<std::size_t>(columns) * 16);
    for (int n = 0; n < columns; ++n) {
      for (int k = 0; k < 16; ++k) {
        b_values[at(n, k, 16)] = read(is_in_registers ? b.in_columns(n, k) : b.in_rows(n, k));
      }
    }
    std::vector<float> values(static_cast<std::size_t>(columns) * 64);
    for (int m = 0; m < 64; ++m) {
      for (int n = 0; n < columns; ++n) {
        float sum = 0.0F;
        for (int k = 0; k < 16; ++k) sum += a_values[at(m, k, 16)] * b_values[at(n, k, 16)];
        values[at(m, n, columns)] = sum;
      }
    }
    return values;
  }

  static std::vector<float> from_rows(const Product& product, const Read& read) {
    const EmulatedMatrix a(product.a_matrix);
    std::vector<float> values(64 * 16);
    for (int m = 0; m < 64; ++m) {
      for (int k = 0; k < 16; ++k) values[at(m, k, 16)] = read(a.in_rows(m, k));
    }
    return values;
  }

  static std::vector<float> from_registers(const Product& product) {
    std::vector<float> values(64 * 16);
    for (int thread = 0; thread < 128; ++thread) {
      for (int i = 0; i < 4; ++i) {
        const int row = row_of(thread, i % 2);
        const int column = thread % 4 * 2 + i / 2 * 8;
        values[at(row, column, 16)] = low_half(product.a[thread][i]);
        values[at(row, column + 1, 16)] = high_half(product.a[thread][i]);
      }
    }
    return values;
  }

  void add_up(const Pending& pending, const std::vector<float>& values) {
    const Product& product = pending.product;
    for (int thread = 0; thread < 128; ++thread) {
      const auto found = under_way_.find(product.sums[thread]);
      std::vector<float>& sums = found->second.sums;
      for (int i = 0; i < product.tiles * 4; ++i) {
        const int column = i / 4 * 8 + thread % 4 * 2 + i % 2;
        const float value = values[at(row_of(thread, i / 2 % 2), column, product.tiles * 8)];
        float& sum = sums[static_cast<std::size_t>(i)];
        sum = product.adds ? sum + value : value;
      }
      if (--found->second.products > 0) continue;
      std::copy(sums.begin(), sums.end(), product.sums[thread]);
      under_way_.erase(found);
    }
  }

  static int row_of(int thread, int half) { return thread / 32 * 16 + half * 8 + thread % 32 / 4; }
  static std::size_t at(int row, int column, int columns) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
           static_cast<std::size_t>(column);
  }

  std::vector<Pending> pending_;
  int groups_ = 0;  // Committed so far.
  std::map<float*, UnderWay> under_way_;
};

}  // namespace ringmaster::engine::cuda
