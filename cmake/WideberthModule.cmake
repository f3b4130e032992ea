# What every module of ours is built with, and the two functions that declare one.

add_library(wb_options INTERFACE)
# The same source must give the same bits on every machine: no fused multiply-add unless it is written.
target_compile_options(wb_options INTERFACE
  -ffp-contract=off -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Werror
  -Wno-missing-field-initializers)  # a designated initializer leaves the rest to their defaults, on purpose
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 raises false alarms inside Abseil's and the standard library's templates; valgrind and the sanitizers see
  # the true ones.
  target_compile_options(wb_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
else()
  # clang sees std::get_temporary_buffer, which libstdc++ 12 itself uses in std::stable_sort.
  target_compile_options(wb_options INTERFACE -Wno-deprecated-declarations)
endif()
if(WB_SANITIZE)
  target_compile_options(wb_options INTERFACE -fsanitize=${WB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(wb_options INTERFACE -fsanitize=${WB_SANITIZE})
  target_compile_definitions(wb_options INTERFACE WB_SANITIZED=1)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented, gcc 12 inlines the operator new of Asio's coroutine frames and not their operator delete, and takes the
    # two for strangers. The address sanitizer sees true mismatches.
    target_compile_options(wb_options INTERFACE -Wno-mismatched-new-delete)
  endif()
  if(WB_SANITIZE MATCHES "thread")
    # The thread sanitizer does not model fences, and gcc makes each an error. Asio's add nothing to its mutexes.
    target_compile_definitions(wb_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(WB_FUZZ)
  target_compile_options(wb_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(wb_options INTERFACE -fsanitize=address,undefined)
endif()
if(WB_FUZZ OR WB_SANITIZE MATCHES "undefined")
  # RapidJSON adds to a pointer that is null while its buffer is empty, in headers that every writer of JSON includes.
  target_compile_options(wb_options INTERFACE -fno-sanitize=pointer-overflow)
endif()
if(WB_COVERAGE)
  target_compile_options(wb_options INTERFACE --coverage)
  target_link_options(wb_options INTERFACE --coverage)
endif()

# wideberth_module(NAME HEADERS ... SOURCES ... [USES other modules and libraries that headers show] [PRIVATE ...])
# makes the library wb_NAME from this folder. Headers are included as "NAME/file.h", and each must compile alone
# (target all_verify_interface_header_sets).
function(wideberth_module name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;USES;PRIVATE" ${ARGN})
  if(ARG_SOURCES)
    add_library(wb_${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(wb_${name} PRIVATE wb_options ${ARG_PRIVATE})
  else()
    add_library(wb_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_sources(wb_${name} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${ARG_HEADERS})
  target_link_libraries(wb_${name} ${scope} ${ARG_USES})
endfunction()

# wideberth_test(NAME SOURCES ... [LINK ...]) makes the GoogleTest program NAME and registers each of its tests.
function(wideberth_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE wb_options ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} PROPERTIES TIMEOUT 600 DISCOVERY_TIMEOUT 60)
endfunction()
