# The made-up city that deploy/up fills a new home with.
add_executable(wushe-demo-city seeds/demo/generate.c)
target_link_libraries(wushe-demo-city PRIVATE wushe_flags)
