# Real daemons in real trouble.
add_library(wushe-chaos-disk MODULE tests/chaos/disk_layer.c)
target_include_directories(wushe-chaos-disk PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(wushe-chaos-disk PRIVATE wushe_posix)
add_executable(wushe-chaos tests/chaos/main.c tests/chaos/faults.c tests/chaos/proxy.c
                           tests/chaos/disk.c)
target_compile_definitions(wushe-chaos PRIVATE
                           WUSHE_CHAOS_LAYER="$<TARGET_FILE:wushe-chaos-disk>")
target_link_libraries(wushe-chaos PRIVATE wushe_test_city wushe_posix)
add_dependencies(wushe-chaos wushe-chaos-disk wushectl wushe-demo-city)
foreach(role IN LISTS WUSHE_ROLES)
  add_dependencies(wushe-chaos wushe-${role})
endforeach()

# A short run for each fault; how to run a long one: tests/chaos/README.md.
foreach(fault IN ITEMS kill stop cut full unsynced)
  add_test(NAME chaos_${fault} COMMAND wushe-chaos --faults ${fault} --seconds 5)
  set_tests_properties(chaos_${fault} PROPERTIES FAIL_REGULAR_EXPRESSION "Sanitizer: ")
endforeach()
# A disk that forgets what it had synced is found out, or the checks can not fail.
add_test(NAME chaos_lies COMMAND wushe-chaos --faults unsynced --seconds 10 --lies)
set_tests_properties(chaos_lies PROPERTIES PASS_REGULAR_EXPRESSION
                     "has lost what others know|has lost command|need is refused|ended with 74")
set_tests_properties(chaos_kill chaos_stop chaos_cut chaos_full chaos_unsynced chaos_lies
                     PROPERTIES LABELS "integration;chaos" TIMEOUT 300)
