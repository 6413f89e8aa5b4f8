#include "engine/cpu/vector_kernels.h"

#if defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

namespace ringmaster::engine {
namespace {

struct Avx2 {
  static constexpr std::int32_t kLanes = 8;
  static constexpr int kTokens = 2;  // 8 sums and their operands in 16 registers.
  using Vec = __m256;

  static Vec fill(float x) { return _mm256_set1_ps(x); }
  static Vec load(const float* p) { return _mm256_loadu_ps(p); }
  static Vec load(const std::uint16_t* p) {
    return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Vec load_part(const float* p, std::int32_t lanes) {
    return _mm256_maskload_ps(p, mask(lanes));
  }
  static Vec load_part(const std::uint16_t* p, std::int32_t lanes) {
    alignas(16) std::uint16_t whole[kLanes] = {};
    for (std::int32_t i = 0; i < lanes; ++i) whole[i] = p[i];
    return widen(_mm_load_si128(reinterpret_cast<const __m128i*>(whole)));
  }
  static void store(float* p, Vec a) { _mm256_storeu_ps(p, a); }
  static void store_part(float* p, Vec a, std::int32_t lanes) {
    _mm256_maskstore_ps(p, mask(lanes), a);
  }
  static Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static Vec sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
  static Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
  static Vec div(Vec a, Vec b) { return _mm256_div_ps(a, b); }
  static Vec min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
  static Vec round(Vec a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Vec power_of_two(Vec n) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
  }
  static float first(Vec a) { return _mm256_cvtss_f32(a); }
  static void reduce4(const Vec* a, float* sums) {
    const __m256 both = _mm256_hadd_ps(_mm256_hadd_ps(a[0], a[1]), _mm256_hadd_ps(a[2], a[3]));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1)));
  }

 private:
  static Vec widen(__m128i bf16) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bf16), 16));
  }
  static __m256i mask(std::int32_t lanes) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
};

}  // namespace

const Kernels* avx2_kernels() {
  return &kKernelsOf<Avx2>;
}

}  // namespace ringmaster::engine

#else

namespace ringmaster::engine {
const Kernels* avx2_kernels() {
  return nullptr;
}
}  // namespace ringmaster::engine

#endif
