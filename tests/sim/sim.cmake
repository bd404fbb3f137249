# The simulator: the real nodes in a made-up world.
set(WUSHE_SIM_SOURCES
  tests/sim/sim.c tests/sim/place.c tests/sim/net.c tests/sim/disk.c tests/sim/torn.c tests/sim/faults.c
  tests/sim/client.c tests/sim/operator.c tests/sim/people.c tests/sim/residents.c tests/sim/offices.c
  tests/sim/organisations.c
  tests/sim/providers.c tests/sim/catalogue.c tests/sim/community.c tests/sim/shrink.c tests/sim/main.c
  tests/sim/checkers/checkers.c tests/sim/checkers/acknowledged.c tests/sim/checkers/catalogue.c
  tests/sim/checkers/restored.c tests/sim/checkers/dead.c tests/sim/checkers/firewall.c
  tests/sim/checkers/holds.c tests/sim/checkers/ids.c tests/sim/checkers/ledger.c
  tests/sim/checkers/offers.c tests/sim/checkers/owner.c tests/sim/checkers/privacy.c
  tests/sim/checkers/replay.c tests/sim/checkers/shifts.c tests/sim/checkers/streams.c
  tests/sim/checkers/time.c tests/sim/checkers/together.c tests/sim/checkers/capacity.c
  tests/sim/checkers/registered.c
  common/daemon/witness.c
  tests/support/look_community.c tests/support/look_coordinator.c tests/support/look_provider.c
  tests/support/look_volunteer.c tests/support/look_socialorg.c)
add_executable(wushe-sim ${WUSHE_SIM_SOURCES})
# LMDB from its archive, so that its writes can be wrapped (torn.c)
find_library(LMDB_ARCHIVE liblmdb.a REQUIRED)
target_link_options(wushe-sim PRIVATE
  LINKER:--wrap=pwrite LINKER:--wrap=writev LINKER:--wrap=fdatasync)
target_link_libraries(wushe-sim PRIVATE
  -Wl,--whole-archive ${LMDB_ARCHIVE} -Wl,--no-whole-archive
  wushe_bus wushe_core_community wushe_core_socialorg wushe_core_socialworker wushe_core_volunteer
  wushe_core_charity wushe_core_coordinator wushe_posix)

add_test(NAME sim_seeds COMMAND wushe-sim --file ${CMAKE_SOURCE_DIR}/seeds/sim/seeds.txt)
add_test(NAME sim_fresh COMMAND ${CMAKE_SOURCE_DIR}/tests/sim/check fresh $<TARGET_FILE:wushe-sim>)
add_test(NAME sim_again COMMAND ${CMAKE_SOURCE_DIR}/tests/sim/check again $<TARGET_FILE:wushe-sim>)
set_tests_properties(sim_seeds sim_fresh sim_again PROPERTIES TIMEOUT 300)
