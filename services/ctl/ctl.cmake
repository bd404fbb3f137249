# wushectl: every society's tables and events, so every core.

set(CTL_SOURCES
  main.c commands.c ctl.c table.c files.c probe.c roles.c
  cmd_init.c cmd_status.c cmd_doctor.c cmd_store.c cmd_dead_letters.c cmd_roster.c
  cmd_generation.c
  parse.c nodes.c rows.c csv.c mapping.c pump.c bulk.c case.c trace.c
  view_charity.c view_community.c view_coordinator.c view_provider.c view_socialworker.c
  view_volunteer.c
  cmd_raise.c cmd_linkage.c cmd_step.c cmd_need.c cmd_ledger.c cmd_import.c)
list(TRANSFORM CTL_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
foreach(source IN LISTS CTL_SOURCES)
  if(NOT EXISTS ${source})
    message(STATUS "wushectl waits for ${source}")
    return()
  endif()
endforeach()

add_executable(wushectl ${CTL_SOURCES})
target_compile_definitions(wushectl PRIVATE WUSHE_VERSION="${PROJECT_VERSION}")
foreach(role IN LISTS WUSHE_ROLES)
  target_link_libraries(wushectl PRIVATE wushe_core_${role})
endforeach()
target_link_libraries(wushectl PRIVATE wushe_daemon wushe_bus PkgConfig::SMARTCOLS PkgConfig::YAML
                                       ${CSV_LIBRARY} wushe_posix)
