#include "engine/cpu/vector_kernels.h"

#if defined(__AVX512F__) && defined(__AVX512BW__)

#include <immintrin.h>

namespace ringmaster::engine {
namespace {

struct Avx512 {
  static constexpr std::int32_t kLanes = 16;
  static constexpr int kTokens = 4;  // 16 sums and their operands in 32 registers.
  using Vec = __m512;

  static Vec fill(float x) { return _mm512_set1_ps(x); }
  static Vec load(const float* p) { return _mm512_loadu_ps(p); }
  static Vec load(const std::uint16_t* p) {
    return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Vec load_part(const float* p, std::int32_t lanes) {
    return _mm512_maskz_loadu_ps(mask(lanes), p);
  }
  static Vec load_part(const std::uint16_t* p, std::int32_t lanes) {
    const __m512i whole = _mm512_maskz_loadu_epi16(mask(lanes), p);  // At most 16 of 32 lanes.
    return widen(_mm512_castsi512_si256(whole));
  }
  static void store(float* p, Vec a) { _mm512_storeu_ps(p, a); }
  static void store_part(float* p, Vec a, std::int32_t lanes) {
    _mm512_mask_storeu_ps(p, mask(lanes), a);
  }
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
  static Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
  static Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static Vec round(Vec a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Vec power_of_two(Vec n) {
    const __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
  }
  static float first(Vec a) { return _mm512_cvtss_f32(a); }
  static void reduce4(const Vec* a, float* sums) {
    const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(halves(a[0]), halves(a[1])),
                                        _mm256_hadd_ps(halves(a[2]), halves(a[3])));
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
  }

 private:
  static Vec widen(__m256i bf16) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bf16), 16));
  }
  static __m256 halves(Vec a) {
    const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1));
    return _mm256_add_ps(_mm512_castps512_ps256(a), high);
  }
  static __mmask16 mask(std::int32_t lanes) {
    return static_cast<__mmask16>((1U << static_cast<unsigned>(lanes)) - 1U);
  }
};

}  // namespace

const Kernels* avx512_kernels() {
  return &kKernelsOf<Avx512>;
}

}  // namespace ringmaster::engine

#else

namespace ringmaster::engine {
const Kernels* avx512_kernels() {
  return nullptr;
}
}  // namespace ringmaster::engine

#endif
