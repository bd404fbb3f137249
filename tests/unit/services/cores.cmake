# The cores of the community and the coordinator.

add_library(wushe_test_linking STATIC tests/support/linking.c)
target_link_libraries(wushe_test_linking PUBLIC wushe_test_support wushe_core_coordinator
                      PRIVATE wushe_posix)

foreach(test IN ITEMS calendar candidate clock contention dispute kind firewall override approval
        emergency provider linkage mode radar rule step unmet whistle referral)
  wushe_test(test_coordinator_${test} tests/unit/services/coordinator/core/test_${test}.c
             wushe_test_linking)
endforeach()
foreach(test IN ITEMS community need resident)
  wushe_test(test_community_${test} tests/unit/services/community/core/test_${test}.c
             wushe_core_community)
endforeach()
