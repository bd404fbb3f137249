# The four providing societies and what they share.

add_library(wushe_test_providing STATIC tests/support/providing.c)
target_link_libraries(wushe_test_providing PUBLIC wushe_test_support wushe_provider
                      PRIVATE wushe_posix)

add_library(wushe_test_organising STATIC tests/support/organising.c)
target_link_libraries(wushe_test_organising PUBLIC wushe_test_providing wushe_core_socialorg
                      PRIVATE wushe_posix)

foreach(test IN ITEMS
    socialorg/test_socialorg socialorg/test_organisation socialorg/test_interest
    socialworker/test_worker volunteer/test_volunteer
    volunteer/test_shift charity/test_ledger)
  get_filename_component(role ${test} DIRECTORY)
  get_filename_component(name ${test} NAME)
  wushe_test(${name} tests/unit/services/${test}.c wushe_test_providing wushe_core_${role})
endforeach()
foreach(name IN ITEMS test_socialorg test_organisation test_interest)
  target_link_libraries(${name} PRIVATE wushe_test_organising)
endforeach()
foreach(name IN ITEMS test_provider test_offer test_hand)
  wushe_test(${name} tests/unit/services/provider/${name}.c wushe_test_providing)
endforeach()
