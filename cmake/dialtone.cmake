# What the build's lists are written in: the strictness of the project's own code, and add_lab().

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(Catch2 REQUIRED)  # 2.13 on Debian 12, 3 on Ubuntu 24.04
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(pcap REQUIRED IMPORTED_TARGET libpcap)
find_package(spdlog REQUIRED)
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)

set(SANITIZE "" CACHE STRING "Sanitizers for everything that is built: address,undefined or thread")
option(COVERAGE "Count executed lines" OFF)
option(FUZZ "Build the fuzz targets (needs clang)" OFF)
if(SANITIZE)
  add_compile_options(-fsanitize=${SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang AND SANITIZE MATCHES address)
    add_compile_definitions(__SANITIZE_ADDRESS__=1)  # as GCC says it
  endif()
endif()
if(COVERAGE AND FUZZ)  # clang's own kind, which llvm-cov reads
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
elseif(COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # A compiler that does not stop to collect its garbage takes an eighth less time, and at most half
  # a gigabyte more; an assembler beside it, rather than after it, some more.
  add_compile_options(--param=ggc-min-heapsize=524288 -pipe)
endif()

find_program(LLD ld.lld)
if(LLD AND CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  add_link_options(-fuse-ld=lld)  # in a quarter of the time
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What it wants to know where headers are precompiled (ccache(1), "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-fpch-preprocess)
  else()
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

# Everything carries line numbers, so that a crash names its place. Ubuntu's compiler fortifies by
# default, which replaces recv by __recv_chk behind the back of the tests' wrappers.
add_compile_options(-g1 -U_FORTIFY_SOURCE)

# The presets compile the files of a target as one (CMAKE_UNITY_BUILD): most of the time goes into their
# headers and templates. The lint looks at each file on its own.
# compile_alone(file.cpp ...): files whose names clash with those of others of their target. To be
# called in the directory of the target.
function(compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# compile_lightly(TARGET ...): whose speed nobody waits for; the optimizer takes a third less time. From
# GCC 13 on, headers precompiled with one level cannot be used with another.
function(compile_lightly)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    return()
  endif()
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endforeach()
endfunction()

set(DIALTONE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # False alarms on string + string (GCC PR 105651), beside precompiled headers of all three kinds; from
  # GCC 13 on, wherever a function has a reference as a parameter and as its result.
  list(APPEND DIALTONE_WARNINGS -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    list(APPEND DIALTONE_WARNINGS -Wno-dangling-reference)
  endif()
else()
  list(APPEND DIALTONE_WARNINGS -Wno-sign-conversion)  # which -Wconversion is not for GCC's C++
endif()
if(NOT CMAKE_UNITY_BUILD)  # names of one file hide those of another
  list(APPEND DIALTONE_WARNINGS -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU)  # takes each included file for a header
  list(APPEND DIALTONE_WARNINGS -Wno-subobject-linkage)
endif()

# The project's own code: warnings are errors.
add_library(dialtone_strict INTERFACE)
target_compile_options(dialtone_strict INTERFACE ${DIALTONE_WARNINGS} -Werror)

# A student's code: the same warnings, but they are only shown.
add_library(dialtone_lenient INTERFACE)
target_compile_options(dialtone_lenient INTERFACE -Wall -Wextra)

# The recorded digests of the starters as they ship, in the format of sha256sum(1).
file(READ ${CMAKE_SOURCE_DIR}/labs/starters.sha256 DIALTONE_STARTER_DIGESTS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/labs/starters.sha256)

# Keeps a copy of a starter that is still as it shipped, for `workbook reset` and the starter gates
# on a tree without a git history.
function(keep_pristine_starter file)
  file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${file})
  file(SHA256 ${file} digest)
  if(DIALTONE_STARTER_DIGESTS MATCHES "${digest}  ${path}")
    file(COPY_FILE ${file} ${CMAKE_BINARY_DIR}/pristine/${digest} ONLY_IF_DIFFERENT)
  endif()
endfunction()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/pristine)

# add_lab(NN-some-name [LINK lab::other ...] [GIVEN given.cpp ...] [JUDGE more_cases.cpp ...]
#         [PRECOMPILE <asio.hpp> ...] [DEMO more_of_the_demo.cpp ...] [DEMO_LINK lab::other ...]
#         [PROGRAM name])
#
# Makes, from the lab's one header:
#   some_name_starter, some_name_solution   the student's code and the reference, as libraries
#   lab::some_name                          what others build on: the solution, or the student's code
#                                           where MINE names the lab and where there is no solution
#   some_name_given                         what the lab gives compiled, where it gives any
#   some_name_practice_{starter,solution}   the practice tests; the same objects, linked twice
#   some_name_shim_{starter,solution}       what the judge runs
#   some_name_judge                         the graded cases
#   some_name_demo_parts                    the files of DEMO as a library, where there are any: the
#                                           benches use it too
#   some-name                               the demo, on lab::some_name; PROGRAM calls it otherwise,
#                                           DEMO_LINK names what it alone is linked with
#   some_name_kit                           all that a file in the starter's place is linked with
#   some_name_check                         all that `workbook check NN` needs
# The workbook builds other files in the starter's place (submissions, mutants) with the commands
# that CMake itself wrote for the starter's programs.
function(add_lab directory)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PROGRAM"
    "LINK;GIVEN;JUDGE;PRECOMPILE;DEMO;DEMO_LINK")
  if(arg_UNPARSED_ARGUMENTS OR NOT directory MATCHES "^([0-9][0-9])-([a-z][a-z0-9-]*)$")
    message(FATAL_ERROR "add_lab(${directory}): give NN-name [LINK ...] [GIVEN ...] [JUDGE ...] "
      "[PRECOMPILE ...] [DEMO ...] [DEMO_LINK ...] [PROGRAM name]")
  endif()
  set(number ${CMAKE_MATCH_1})
  set(program ${CMAKE_MATCH_2})
  string(REPLACE - _ name ${program})
  if(arg_PROGRAM)
    set(program ${arg_PROGRAM})
  endif()
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/${directory})
  foreach(part lab.json README.md ${name}.hpp starter/${name}.cpp demo.cpp
      tests/${name}_test.cpp judge/cases.cpp judge/shim.cpp)
    if(NOT EXISTS ${folder}/${part})
      message(FATAL_ERROR "add_lab(${directory}): ${folder}/${part} is missing")
    endif()
  endforeach()

  set_property(GLOBAL APPEND PROPERTY DIALTONE_LABS ${number})

  add_library(${name}_contract INTERFACE)
  target_include_directories(${name}_contract INTERFACE ${folder})
  target_link_libraries(${name}_contract INTERFACE dialtone_base tl::expected ${arg_LINK})

  set(given "")
  if(arg_GIVEN)
    set(given ${name}_given)
    list(TRANSFORM arg_GIVEN PREPEND ${folder}/)
    add_library(${given} STATIC ${arg_GIVEN})
    target_link_libraries(${given} PUBLIC ${name}_contract PRIVATE dialtone_strict)
  endif()

  # Asio is what brings threads; a program of one thread has nothing for the thread sanitizer.
  set(sanitized YES)
  if(SANITIZE STREQUAL thread AND NOT dialtone_asio IN_LIST arg_LINK)
    set(sanitized NO)
    set_property(GLOBAL APPEND PROPERTY DIALTONE_UNSANITIZED ${number})
  endif()

  set(variants starter)
  if(EXISTS ${folder}/solution/${name}.cpp)  # a student's tree has none
    list(APPEND variants solution)
  endif()
  add_library(${name}_starter STATIC EXCLUDE_FROM_ALL ${folder}/starter/${name}.cpp)
  target_link_libraries(${name}_starter PUBLIC ${name}_contract ${given} PRIVATE dialtone_lenient)
  set_target_properties(${name}_starter PROPERTIES UNITY_BUILD OFF)  # the workbook looks for the file
  # An edit is judged sooner so: the optimizer takes up to half of a compiler's time, and what a
  # student's program computes in the judge's hands takes little.
  target_compile_options(${name}_starter PRIVATE -O0)
  set_target_properties(${name}_starter PROPERTIES CXX_COMPILER_LAUNCHER "")  # no edit comes twice
  if(arg_PRECOMPILE)  # large headers are compiled once, so that an edit is judged in seconds
    target_precompile_headers(${name}_starter PRIVATE ${arg_PRECOMPILE})
    target_link_libraries(${name}_starter PRIVATE dialtone_json)
  endif()
  keep_pristine_starter(${folder}/starter/${name}.cpp)
  if(solution IN_LIST variants)
    add_library(${name}_solution STATIC ${folder}/solution/${name}.cpp)
    target_link_libraries(${name}_solution PUBLIC ${name}_contract ${given} PRIVATE dialtone_strict)
  endif()

  if("${MINE}" STREQUAL "all" OR name IN_LIST MINE OR NOT solution IN_LIST variants)
    # Compiled once more, with the build's optimizer: a server on it has large files to digest.
    add_library(${name}_mine STATIC EXCLUDE_FROM_ALL ${folder}/starter/${name}.cpp)
    target_link_libraries(${name}_mine PUBLIC ${name}_contract ${given} PRIVATE dialtone_lenient)
    add_library(lab::${name} ALIAS ${name}_mine)
  else()
    add_library(lab::${name} ALIAS ${name}_solution)
  endif()

  # Practice tests and shim include the header alone: their objects serve every variant.
  add_library(${name}_practice OBJECT EXCLUDE_FROM_ALL ${folder}/tests/${name}_test.cpp)
  target_link_libraries(${name}_practice PUBLIC ${name}_contract dialtone_practice dialtone_strict)
  add_library(${name}_shim OBJECT EXCLUDE_FROM_ALL ${folder}/judge/shim.cpp)
  target_link_libraries(${name}_shim PUBLIC ${name}_contract dialtone_shim dialtone_strict)
  foreach(variant IN LISTS variants)
    add_executable(${name}_practice_${variant} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${name}_practice>)
    target_link_libraries(${name}_practice_${variant} PRIVATE ${name}_${variant} dialtone_practice)
    add_executable(${name}_shim_${variant} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${name}_shim>)
    target_link_libraries(${name}_shim_${variant} PRIVATE ${name}_${variant} dialtone_shim)
    add_test(NAME practice.${name}.${variant} COMMAND ${name}_practice_${variant})
    set_tests_properties(practice.${name}.${variant} PROPERTIES
      LABELS "lab${number};${variant}" TIMEOUT 120)
    if(NOT sanitized)
      set_property(TEST practice.${name}.${variant} APPEND PROPERTY LABELS no-sanitizer)
    endif()
    set_target_properties(${name}_practice_${variant} ${name}_shim_${variant} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/labs/${directory})
  endforeach()
  if(solution IN_LIST variants AND sanitized)
    set_target_properties(${name}_shim_solution PROPERTIES EXCLUDE_FROM_ALL FALSE)
    add_dependencies(tests ${name}_practice_solution ${name}_shim_solution)
  endif()

  list(TRANSFORM arg_JUDGE PREPEND ${folder}/judge/)
  add_executable(${name}_judge ${folder}/judge/cases.cpp ${arg_JUDGE})
  set(judge_links ${arg_LINK})
  list(FILTER judge_links EXCLUDE REGEX "^lab::")  # a judge never links a lab's code
  target_link_libraries(${name}_judge PRIVATE dialtone_judge dialtone_strict ${judge_links})
  if(sanitized)
    add_dependencies(tests ${name}_judge)
  else()
    set_target_properties(${name}_judge PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  set_target_properties(${name}_judge PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/labs/${directory})

  add_executable(${name}_demo ${folder}/demo.cpp)
  target_link_libraries(${name}_demo PRIVATE lab::${name} ${arg_DEMO_LINK} dialtone_common
    nlohmann_json::nlohmann_json dialtone_strict)
  if(arg_DEMO)
    list(TRANSFORM arg_DEMO PREPEND ${folder}/)
    add_library(${name}_demo_parts STATIC ${arg_DEMO})
    target_link_libraries(${name}_demo_parts PUBLIC lab::${name} dialtone_common
      nlohmann_json::nlohmann_json PRIVATE dialtone_strict)
    target_link_libraries(${name}_demo PRIVATE ${name}_demo_parts)
  endif()
  set_target_properties(${name}_demo PROPERTIES OUTPUT_NAME ${program})
  compile_lightly(${name}_shim ${name}_judge ${name}_demo)

  add_custom_target(${name}_kit DEPENDS ${name}_practice ${name}_shim ${name}_judge dialtone_practice)
  foreach(library IN LISTS arg_LINK given)
    add_dependencies(${name}_kit ${library})
  endforeach()
  add_custom_target(${name}_check
    DEPENDS ${name}_practice_starter ${name}_shim_starter ${name}_judge)
endfunction()
