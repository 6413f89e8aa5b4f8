# The one list of warnings and hardening flags; for our targets only.
add_library(ringmaster_warnings INTERFACE)
target_compile_options(ringmaster_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # One name per reason: clang reports designated initialisers that leave defaults as missing.
  target_compile_options(ringmaster_warnings INTERFACE
    -Wno-missing-field-initializers -Wno-missing-designated-field-initializers -Wno-unknown-warning-option)
else()
  # A field left out of a designated initialiser takes its documented default: that is the point.
  target_compile_options(ringmaster_warnings INTERFACE -Wno-missing-field-initializers)
endif()

# RINGMASTER_SANITIZE: "address", "thread" or empty.
set(RINGMASTER_SANITIZE "" CACHE STRING "Sanitizer: address (with undefined), thread, or empty")
if(RINGMASTER_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(RINGMASTER_SANITIZE STREQUAL "thread")
  # -Wno-tsan: Asio uses atomic fences, which g++ 12 cannot instrument and warns about.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  add_link_options(-fsanitize=thread)
elseif(NOT RINGMASTER_SANITIZE STREQUAL "")
  message(FATAL_ERROR "RINGMASTER_SANITIZE must be address, thread or empty, is '${RINGMASTER_SANITIZE}'")
endif()

if(RINGMASTER_WITH_FUZZERS)
  # The libraries too: without their edges the fuzzer sees only its own few lines.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

option(RINGMASTER_COVERAGE "Instrument for gcovr" OFF)
if(RINGMASTER_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

find_program(RINGMASTER_CCACHE ccache)
if(RINGMASTER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RINGMASTER_CCACHE})
endif()
