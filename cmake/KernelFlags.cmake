# The CPU kernels are compiled once per instruction set and chosen at run time. Always optimised, even
# in Debug: tests run whole models through them. Contraction off: what is fused is written as fma, so
# that a compiler cannot round one loop's remainder differently from its body.
set(kernel_flags -O3 -ffp-contract=off)
set_source_files_properties(engine/cpu/kernels_scalar.cc PROPERTIES COMPILE_OPTIONS "${kernel_flags}")
# g++ 12 takes the deliberately undefined operands inside its own AVX-512 intrinsics for a fault.
set(avx512_warnings -Wno-uninitialized)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND avx512_warnings -Wno-maybe-uninitialized)
endif()
# It looks at each block of each sequence in every step: several at a time, which -O2 does not do.
set_source_files_properties(engine/block_range.cc PROPERTIES COMPILE_OPTIONS "-O3;-funroll-loops")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(engine/cpu/kernels_avx2.cc PROPERTIES COMPILE_OPTIONS "${kernel_flags};-mavx2;-mfma")
  set_source_files_properties(engine/cpu/kernels_avx512.cc PROPERTIES
    COMPILE_OPTIONS "${kernel_flags};-mavx512f;-mavx512bw;-mfma;${avx512_warnings}")
endif()
