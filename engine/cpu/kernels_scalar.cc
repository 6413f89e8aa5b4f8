#include <cmath>
#include <cstring>

#include "engine/cpu/vector_kernels.h"

namespace ringmaster::engine {
namespace {

/// A vector of one lane: the portable variant, the same on every machine.
struct Scalar {
  static constexpr std::int32_t kLanes = 1;
  static constexpr int kTokens = 1;
  using Vec = float;

  static Vec fill(float x) { return x; }
  static Vec load(const float* p) { return *p; }
  static Vec load(const std::uint16_t* p) {
    const std::uint32_t bits = static_cast<std::uint32_t>(*p) << 16U;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  template <class T>
  static Vec load_part(const T* p, std::int32_t /*lanes*/) {
    return load(p);
  }
  static void store(float* p, Vec a) { *p = a; }
  static void store_part(float* p, Vec a, std::int32_t /*lanes*/) { *p = a; }
  static Vec add(Vec a, Vec b) { return a + b; }
  static Vec sub(Vec a, Vec b) { return a - b; }
  static Vec mul(Vec a, Vec b) { return a * b; }
  static Vec div(Vec a, Vec b) { return a / b; }
  static Vec min(Vec a, Vec b) { return b < a ? b : a; }
  static Vec max(Vec a, Vec b) { return a < b ? b : a; }
  // Not fused: without the instruction it would be a library call. Built with contraction off.
  static Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
  static Vec round(Vec a) { return std::nearbyint(a); }
  static Vec power_of_two(Vec n) {
    const auto bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23U;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  static float first(Vec a) { return a; }
  static void reduce4(const Vec* a, float* sums) {
    for (int i = 0; i < kTileOutputs; ++i) sums[i] = a[i];
  }
};

}  // namespace

const Kernels* scalar_kernels() {
  return &kKernelsOf<Scalar>;
}

}  // namespace ringmaster::engine
