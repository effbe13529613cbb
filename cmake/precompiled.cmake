# The libraries' headers are read once: a third of a build's time, for each file is short beside its
# headers. That each file includes what it needs is for `make lint` to see, which compiles it without.
#
# precompile_headers(): to be called when all targets are there. A target's headers are those of the
# tests, where it is one; with Asio, where it is linked with it; else the standard library and JSON. Where
# its flags are others than those of the headers, the compiler says so and fails.

set(DIALTONE_PRECOMPILED <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <deque> <filesystem>
  <fstream> <functional> <iostream> <map> <memory> <mutex> <optional> <random> <set> <span> <sstream>
  <stdexcept> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <json_compiled.hpp>)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  list(APPEND DIALTONE_PRECOMPILED <instantiated.hpp>)
endif()

# Each of the project's own targets of this folder and those below.
function(targets_beneath folder result)
  get_property(found DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(sub IN LISTS folders)
    targets_beneath(${sub} more)
    list(APPEND found ${more})
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(precompile_headers)
  targets_beneath(${CMAKE_SOURCE_DIR} targets)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "// Nothing but its headers.\n")
  foreach(kind base asio practice)
    add_library(dialtone_precompiled_${kind} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled.cpp)
    target_link_libraries(dialtone_precompiled_${kind}
      PRIVATE dialtone_strict dialtone_base nlohmann_json::nlohmann_json)
    target_precompile_headers(dialtone_precompiled_${kind} PRIVATE ${DIALTONE_PRECOMPILED})
  endforeach()
  target_precompile_headers(dialtone_precompiled_asio PRIVATE <asio.hpp>)
  target_link_libraries(dialtone_precompiled_asio PRIVATE dialtone_asio)
  target_precompile_headers(dialtone_precompiled_practice PRIVATE <practice.hpp>)
  target_link_libraries(dialtone_precompiled_practice PRIVATE Catch2::Catch2)
  target_include_directories(dialtone_precompiled_practice PRIVATE ${CMAKE_SOURCE_DIR}/tests/support)
  target_compile_options(dialtone_precompiled_practice PRIVATE $<$<CONFIG:Release>:-O0>)  # as the tests

  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    get_target_property(links ${target} LINK_LIBRARIES)
    if(NOT type MATCHES "^(STATIC_LIBRARY|OBJECT_LIBRARY|EXECUTABLE)$"
        OR NOT ("dialtone_strict" IN_LIST links OR target MATCHES "_mine$")
        OR target MATCHES "^dialtone_(json|practice)$")  # what others need for their headers, and Catch2's main
      continue()
    endif()
    set(kind base)
    if("dialtone_practice" IN_LIST links OR "ftp_support" IN_LIST links)
      set(kind practice)
    elseif(links MATCHES "dialtone_asio|switchboard|ftp_server_parts|capstone_contract")
      set(kind asio)
    endif()
    target_precompile_headers(${target} REUSE_FROM dialtone_precompiled_${kind})
    target_link_libraries(${target} PRIVATE dialtone_json)  # compiled there, and only declared here
  endforeach()
endfunction()
