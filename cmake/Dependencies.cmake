# Every dependency is a Debian package (scripts/setup names them).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(PkgConfig REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
add_library(xxhash::xxhash ALIAS PkgConfig::XXHASH)

# tl::expected is one header; the target exists so that the floor table can name it.
add_library(expected_interface INTERFACE)
add_library(expected::interface ALIAS expected_interface)

# Asio is header-only here; it needs threads and, for its error codes, Boost headers.
add_library(asio_interface INTERFACE)
target_link_libraries(asio_interface INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(asio_interface INTERFACE BOOST_ASIO_NO_DEPRECATED)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT RINGMASTER_SANITIZE STREQUAL "")
  # A coroutine frame comes from aligned_alloc and goes to free through Asio's own operators; where
  # g++ 12 inlines only one of the two at -O1, it calls that a mismatch.
  target_compile_options(asio_interface INTERFACE -Wno-mismatched-new-delete)
endif()
add_library(asio::interface ALIAS asio_interface)
