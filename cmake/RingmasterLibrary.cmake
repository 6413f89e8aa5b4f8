# Where every library stands, and what it may use. Both functions stop the configure step if a
# library uses one of its own floor or above, so the dependency order cannot rot.

function(_ringmaster_use target scope name floor)
  foreach(used IN LISTS ARGN)
    get_property(used_floor GLOBAL PROPERTY ringmaster_floor_${used})
    if(used_floor STREQUAL "")
      message(FATAL_ERROR "${name} uses ${used}, which is not declared above it")
    endif()
    if(NOT used_floor LESS floor)
      message(FATAL_ERROR "${name} (floor ${floor}) may not use ${used} (floor ${used_floor})")
    endif()
    string(REPLACE "/" "_" used_target ${used})
    target_link_libraries(${target} ${scope} ringmaster::${used_target})
  endforeach()
endfunction()

# ringmaster_library(<folder> FLOOR <n> [USES <folder>...] [PUBLIC <target>...] [PRIVATE <target>...])
#
# Builds ./<folder>/*.cc, and its sub-folders that are not libraries themselves, as
# ringmaster::<folder> (a slash becomes an underscore).
function(ringmaster_library name)
  cmake_parse_arguments(arg "" "FLOOR" "USES;PUBLIC;PRIVATE" ${ARGN})
  string(REPLACE "/" "_" id ${name})
  set_property(GLOBAL PROPERTY ringmaster_floor_${name} ${arg_FLOOR})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main[.]cc$")  # Of a program, below.
  if(name STREQUAL "engine")  # engine/server is a library of its own, on a higher floor
    list(FILTER sources EXCLUDE REGEX "/engine/server/")
    list(FILTER sources EXCLUDE REGEX "/engine/cuda/module/")  # Needs the CUDA toolkit: cmake/Cuda.cmake
  endif()
  if(sources)
    add_library(ringmaster_${id} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(ringmaster_${id} PRIVATE ringmaster_warnings ${arg_PRIVATE})
  else()
    add_library(ringmaster_${id} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(ringmaster::${id} ALIAS ringmaster_${id})
  target_include_directories(ringmaster_${id} ${scope} ${PROJECT_SOURCE_DIR})
  target_link_libraries(ringmaster_${id} ${scope} ${arg_PUBLIC})
  _ringmaster_use(ringmaster_${id} ${scope} ${name} ${arg_FLOOR} ${arg_USES})
endfunction()

# ringmaster_program(<folder> NAME <binary> FLOOR <n> [USES ...] [PRIVATE ...])
#
# Builds ./<folder>/main.cc as <binary>, over a library of all that lies beside it, which tests link.
function(ringmaster_program name)
  cmake_parse_arguments(arg "" "FLOOR;NAME" "USES;PRIVATE" ${ARGN})
  ringmaster_library(${name} FLOOR ${arg_FLOOR} USES ${arg_USES} PRIVATE ${arg_PRIVATE})
  add_executable(${arg_NAME} ${PROJECT_SOURCE_DIR}/${name}/main.cc)
  set_target_properties(${arg_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_link_libraries(${arg_NAME} PRIVATE ringmaster_warnings ${arg_PRIVATE} ringmaster::${name})
  foreach(target ringmaster_${name} ${arg_NAME})
    target_compile_definitions(${target} PRIVATE RINGMASTER_VERSION="${PROJECT_VERSION}")
  endforeach()
endfunction()
