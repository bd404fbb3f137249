# Fuzz targets. With WUSHE_FUZZ (clang) each is a libFuzzer program; without, a
# plain one that takes its corpus once, as a test.

if(WUSHE_FUZZ)
  # what is fuzzed tells the fuzzer which way it went
  foreach(library IN ITEMS wushe_proto wushe_base wushe_fold wushe_store wushe_journal wushe_bus
                           wushe_daemon wushe_ctl_rows)
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
    return()
  endif()
  target_sources(${name} PRIVATE tests/fuzz/standalone_main.c)
  file(GLOB inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/seeds/fuzz/${corpus}/*)
  add_test(NAME ${name} COMMAND ${name} ${inputs})
  set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION "Sanitizer: ")
endfunction()

wushe_fuzz(fuzz_config config wushe_daemon)
wushe_fuzz(fuzz_mapping mapping wushe_ctl_rows)
