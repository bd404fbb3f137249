# What files of people mean, without a node: read by wushectl, tests and the fuzzer.
add_library(wushe_ctl_rows STATIC
  ${CMAKE_CURRENT_LIST_DIR}/csv.c ${CMAKE_CURRENT_LIST_DIR}/parse.c
  ${CMAKE_CURRENT_LIST_DIR}/rows.c ${CMAKE_CURRENT_LIST_DIR}/mapping.c
  ${CMAKE_CURRENT_LIST_DIR}/catalogue.c ${CMAKE_CURRENT_LIST_DIR}/catalogue_text.c
  ${CMAKE_CURRENT_LIST_DIR}/measure.c)
target_link_libraries(wushe_ctl_rows PUBLIC wushe_core_coordinator wushe_fold ${CSV_LIBRARY} PkgConfig::YAML
                                     PRIVATE wushe_posix)

# wushectl: every society's tables and events, so every core.

set(CTL_SOURCES
  main.c commands.c ctl.c table.c wrap.c files.c probe.c roles.c
  cmd_init.c cmd_status.c cmd_doctor.c cmd_store.c cmd_dead_letters.c cmd_roster.c
  cmd_generation.c
  nodes.c pump.c bulk.c case.c trace.c catalogue_files.c
  view_charity.c view_community.c view_coordinator.c view_provider.c view_socialworker.c
  view_volunteer.c
  cmd_catalogue.c cmd_rehearse.c cmd_receipt.c cmd_clock.c cmd_dispute.c cmd_whistle.c
  cmd_gate.c cmd_emergency.c form.c cmd_organisation.c
  months.c cmd_unmet.c cmd_radar.c cmd_report.c
  cmd_resident.c cmd_raise.c cmd_linkage.c cmd_step.c cmd_need.c cmd_ledger.c cmd_import.c)
list(TRANSFORM CTL_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

add_executable(wushectl ${CTL_SOURCES})
target_compile_definitions(wushectl PRIVATE WUSHE_VERSION="${PROJECT_VERSION}")
foreach(role IN LISTS WUSHE_ROLES)
  target_link_libraries(wushectl PRIVATE wushe_core_${role})
endforeach()
target_link_libraries(wushectl PRIVATE wushe_ctl_rows wushe_daemon wushe_bus PkgConfig::SMARTCOLS
                                       PkgConfig::YAML wushe_posix)
