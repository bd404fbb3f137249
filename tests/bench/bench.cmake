# Benchmarks are built with everything, and run by hand: tests/bench/README.md.
add_executable(bench_linkage tests/bench/bench_linkage.c)
target_link_libraries(bench_linkage PRIVATE wushe_core_community wushe_core_coordinator
                      wushe_provider wushe_core_socialorg wushe_bus wushe_scratch wushe_posix)
add_executable(bench_choice tests/bench/bench_choice.c tests/bench/desk.c)
target_link_libraries(bench_choice PRIVATE wushe_core_coordinator wushe_journal wushe_scratch
                      wushe_posix)
find_library(GLPK_LIBRARY glpk REQUIRED)
add_executable(bench_quality tests/bench/bench_quality.c tests/bench/desk.c)
target_link_libraries(bench_quality PRIVATE wushe_core_coordinator wushe_journal wushe_scratch
                      ${GLPK_LIBRARY} wushe_posix)
