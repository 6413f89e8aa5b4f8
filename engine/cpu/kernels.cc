#include "engine/cpu/kernels.h"

#include <string>

#include "base/check.h"

namespace ringmaster::engine {
namespace {

bool processor_has(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kScalar:
      return true;
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::kAvx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
  }
  return false;
#else
  return isa == Isa::kScalar;
#endif
}

const Kernels* table_of(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return scalar_kernels();
    case Isa::kAvx2:
      return avx2_kernels();
    case Isa::kAvx512:
      return avx512_kernels();
  }
  return nullptr;
}

bool usable(Isa isa) {
  return processor_has(isa) && table_of(isa) != nullptr;
}

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

Isa best_isa() {
  if (usable(Isa::kAvx512)) return Isa::kAvx512;
  return usable(Isa::kAvx2) ? Isa::kAvx2 : Isa::kScalar;
}

Result<Isa> parse_isa(std::string_view name) {
  if (name.empty()) return best_isa();
  for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512}) {
    if (name != isa_name(isa)) continue;
    if (!usable(isa))
      return invalid("instruction set " + std::string(name) + ": this processor lacks it");
    return isa;
  }
  return invalid("instruction set '" + std::string(name) + "': expected scalar, avx2 or avx512");
}

const Kernels& kernels_for(Isa isa) {
  RINGMASTER_CHECK(usable(isa));
  return *table_of(isa);
}

}  // namespace ringmaster::engine
