# The CUDA backend of the engine: libringmaster_cuda.so, which the program loads at run time. Needs the CUDA toolkit and
# no driver; without the toolkit everything else builds. Its sources need only the standard library and CUDA, so that it
# builds alone too (engine/cuda/module/CMakeLists.txt), on a machine that has nothing else.
set(RINGMASTER_CUDA_ARCHITECTURES "90a-real" CACHE STRING
  "GPUs that the module is built for, as CMAKE_CUDA_ARCHITECTURES: 90a-real (H100, H200), 80-real (A100), 89-real (L40S)")

# Finds nvcc also where it is installed but not on the PATH. Sets RINGMASTER_NVCC, empty if there is none.
find_program(RINGMASTER_NVCC nvcc HINTS ENV CUDACXX PATHS /usr/local/cuda/bin)

macro(ringmaster_enable_cuda)
  if(NOT RINGMASTER_NVCC)
    message(FATAL_ERROR "the CUDA module needs nvcc of the CUDA toolkit: none on the PATH, in CUDACXX or in /usr/local/cuda/bin")
  endif()
  set(CMAKE_CUDA_COMPILER ${RINGMASTER_NVCC})
  set(CMAKE_CUDA_ARCHITECTURES ${RINGMASTER_CUDA_ARCHITECTURES})
  enable_language(CUDA)
  # CMake 3.25 does not know how to ask nvcc for C++20.
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    list(APPEND CMAKE_CUDA_COMPILE_FEATURES cuda_std_20)
  endif()
  find_package(CUDAToolkit REQUIRED)
  # Several GPUs (tensor parallelism) need NCCL: its header to build, libnccl.so.2 only where they are used.
  find_path(RINGMASTER_NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  if(RINGMASTER_NCCL_INCLUDE_DIR)
    set(nccl_found ON)
  else()
    set(nccl_found OFF)
  endif()
  option(RINGMASTER_WITH_NCCL "Build the module for several GPUs (needs NCCL's header)" ${nccl_found})
  if(RINGMASTER_WITH_NCCL AND NOT RINGMASTER_NCCL_INCLUDE_DIR)
    message(FATAL_ERROR "RINGMASTER_WITH_NCCL: nccl.h was not found; RINGMASTER_NCCL_INCLUDE_DIR says where it is")
  endif()
endmacro()

# ringmaster_cuda_flags(<target>): language, warnings and includes of everything that nvcc compiles.
function(ringmaster_cuda_flags target)
  set_target_properties(${target} PROPERTIES CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON CXX_STANDARD 20
    CXX_STANDARD_REQUIRED ON POSITION_INDEPENDENT_CODE ON CUDA_RUNTIME_LIBRARY Static
    # Beside the folder of this machine's toolkit: where others have cuBLASLt, to which the file may be carried.
    BUILD_RPATH /usr/local/cuda/lib64)
  target_include_directories(${target} PRIVATE ${RINGMASTER_ROOT})
  target_include_directories(${target} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  if(RINGMASTER_WITH_NCCL)
    target_include_directories(${target} SYSTEM PRIVATE ${RINGMASTER_NCCL_INCLUDE_DIR})
    set_source_files_properties(${RINGMASTER_ROOT}/engine/cuda/module/collectives.cc PROPERTIES
      COMPILE_DEFINITIONS RINGMASTER_WITH_NCCL)
  endif()
  list(JOIN RINGMASTER_CUDA_ARCHITECTURES ", " architectures)
  target_compile_definitions(${target} PRIVATE "RINGMASTER_CUDA_ARCHITECTURES=\"${architectures}\"")
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr -lineinfo -Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Werror>
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Werror -Wno-missing-field-initializers -fvisibility=hidden>)
endfunction()

# ringmaster_cuda_module(<output folder>)
function(ringmaster_cuda_module folder)
  file(GLOB sources CONFIGURE_DEPENDS ${RINGMASTER_ROOT}/engine/cuda/module/*.cu ${RINGMASTER_ROOT}/engine/cuda/module/*.cc)
  add_library(ringmaster_cuda MODULE ${sources}
    ${RINGMASTER_ROOT}/engine/cuda/tuning_file.cc ${RINGMASTER_ROOT}/engine/cuda/weight_placement.cc)
  ringmaster_cuda_flags(ringmaster_cuda)
  set_target_properties(ringmaster_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${folder})
  # The C++ runtime inside and out of sight: the module then runs beside another one too.
  target_link_options(ringmaster_cuda PRIVATE -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL)
  target_link_libraries(ringmaster_cuda PRIVATE CUDA::cudart_static CUDA::cublasLt ${CMAKE_DL_LIBS})
endfunction()

# ringmaster_gpu_check(<output folder>): what scripts/gpu-check runs; the module's sources and the checks in one program.
function(ringmaster_gpu_check folder)
  file(GLOB sources CONFIGURE_DEPENDS ${RINGMASTER_ROOT}/tests/gpu/*.cc ${RINGMASTER_ROOT}/tests/gpu/*.cu)
  get_target_property(module_sources ringmaster_cuda SOURCES)
  add_executable(gpu_check ${sources} ${module_sources}
    ${RINGMASTER_ROOT}/engine/cuda/step_packer.cc ${RINGMASTER_ROOT}/engine/step_input.cc)
  ringmaster_cuda_flags(gpu_check)
  set_target_properties(gpu_check PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${folder})
  target_link_options(gpu_check PRIVATE -static-libstdc++ -static-libgcc)
  target_link_libraries(gpu_check PRIVATE CUDA::cudart_static CUDA::cublasLt ${CMAKE_DL_LIBS})
endfunction()
