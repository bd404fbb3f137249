# Fuzz targets: plain programs that take their corpus once, as a test. With
# WUSHE_FUZZ (clang) each is a libFuzzer program instead, with a short run from
# that corpus as a test labelled "fuzz".

set(WUSHE_FUZZ_SECONDS 20 CACHE STRING "How long each fuzz target runs as a test")

if(WUSHE_FUZZ)
  # what is fuzzed tells the fuzzer which way it went
  foreach(library IN ITEMS wushe_proto wushe_base wushe_fold wushe_store wushe_journal wushe_bus
                           wushe_daemon wushe_ctl_rows wushe_provider wushe_core_community
                           wushe_core_socialorg wushe_core_socialworker wushe_core_volunteer
                           wushe_core_charity wushe_core_coordinator)
    target_compile_options(${library} PRIVATE -fsanitize=fuzzer-no-link,address,undefined
                                              -fno-sanitize-recover=all)
    target_link_options(${library} INTERFACE -fsanitize=address,undefined)
  endforeach()
endif()

function(wushe_fuzz name corpus)
  add_executable(${name} tests/fuzz/${name}.c)
  target_link_libraries(${name} PRIVATE ${ARGN} wushe_posix)
  if(WUSHE_FUZZ)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    set(found ${CMAKE_BINARY_DIR}/corpus/${name})
    file(MAKE_DIRECTORY ${found})
    add_test(NAME ${name}
             COMMAND ${name} -max_total_time=${WUSHE_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=2048
                     -artifact_prefix=${CMAKE_BINARY_DIR}/${name}- ${found}
                     ${CMAKE_SOURCE_DIR}/seeds/fuzz/${corpus})
    set_tests_properties(${name} PROPERTIES LABELS fuzz)
    return()
  endif()
  target_sources(${name} PRIVATE tests/fuzz/standalone_main.c)
  file(GLOB inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/seeds/fuzz/${corpus}/*)
  add_test(NAME ${name} COMMAND ${name} ${inputs})
  set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION "Sanitizer: ")
endfunction()

wushe_fuzz(fuzz_config config wushe_daemon)
wushe_fuzz(fuzz_mapping mapping wushe_ctl_rows)
wushe_fuzz(fuzz_envelope envelope wushe_fold)
target_sources(fuzz_envelope PRIVATE tests/fuzz/fuzz_schema.c)
wushe_fuzz(fuzz_roster roster wushe_bus)
wushe_fuzz(fuzz_command command wushe_bus)
target_sources(fuzz_command PRIVATE tests/support/scratch.c)
wushe_fuzz(fuzz_key key wushe_core_community wushe_core_socialorg wushe_core_socialworker
           wushe_core_volunteer wushe_core_charity wushe_core_coordinator wushe_journal)

# One for each core: any story, by the core's own routes.
add_library(wushe_fuzz_core OBJECT tests/fuzz/fuzz_core.c tests/fuzz/fuzz_make.c
                                   tests/fuzz/fuzz_schema.c tests/fuzz/fuzz_store.c
                                   tests/support/scratch.c)
target_link_libraries(wushe_fuzz_core PUBLIC wushe_journal PRIVATE wushe_posix)
if(WUSHE_FUZZ)
  target_compile_options(wushe_fuzz_core PRIVATE -fsanitize=fuzzer-no-link,address,undefined)
endif()
foreach(role IN LISTS WUSHE_ROLES)
  wushe_fuzz(fuzz_core_${role} core_${role} wushe_fuzz_core wushe_core_${role})
endforeach()
foreach(role IN ITEMS socialorg socialworker volunteer charity)
  target_sources(fuzz_core_${role} PRIVATE tests/fuzz/fuzz_provider.c)
endforeach()

# One for each kind of frame that moves a link; the exchange and a store behind it.
add_library(wushe_fuzz_link OBJECT tests/fuzz/fuzz_link.c tests/fuzz/fuzz_make.c
                                   tests/fuzz/fuzz_store.c tests/support/scratch.c)
target_link_libraries(wushe_fuzz_link PUBLIC wushe_bus PRIVATE wushe_posix)
if(WUSHE_FUZZ)
  target_compile_options(wushe_fuzz_link PRIVATE -fsanitize=fuzzer-no-link,address,undefined)
endif()
foreach(kind IN ITEMS hello batch fetch)
  wushe_fuzz(fuzz_${kind} ${kind} wushe_fuzz_link)
endforeach()
