# Text files as constants of a library, so that the program needs no files beside it.

# ringmaster_embed(<library> <folder> <file>...)
#
# The library gets, for each ./<folder>/<name>.<ext>, the constant `ringmaster::<name>_<ext>` (a
# std::string_view). It is written anew whenever one of the files changes.
function(ringmaster_embed library folder)
  set(text "// Made from ${folder}/ by cmake/EmbeddedText.cmake.\n#include <string_view>\n\nnamespace ringmaster {\n")
  foreach(file IN LISTS ARGN)
    set(path ${PROJECT_SOURCE_DIR}/${folder}/${file})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} content)
    string(REPLACE "." "_" name ${file})
    string(APPEND text "extern const std::string_view ${name};\n"
      "constinit const std::string_view ${name} = R\"embedded(${content})embedded\";\n")
  endforeach()
  string(APPEND text "}  // namespace ringmaster\n")
  set(output ${PROJECT_BINARY_DIR}/embedded/${folder}.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT "@text@" @ONLY)
  string(REPLACE "/" "_" id ${library})
  target_sources(ringmaster_${id} PRIVATE ${output})
endfunction()
