# The report in a real Chromium; skipped with a sentence where Chromium, node or playwright-core is missing.
add_executable(make_report browser/make_report.c)
target_link_libraries(make_report PRIVATE huaxiang_static hx_dependencies)
target_include_directories(make_report PRIVATE ${PROJECT_SOURCE_DIR}/include)
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/report)
add_test(NAME browser/report_page
         COMMAND make_report ${HX_SHARE_DIR} ${PROJECT_SOURCE_DIR}/samples ${CMAKE_CURRENT_BINARY_DIR}/report)
set_tests_properties(browser/report_page PROPERTIES FIXTURES_SETUP report_page TIMEOUT 300)
find_program(HX_NODE node)
if(HX_NODE)
  add_test(NAME browser/report COMMAND ${HX_NODE} ${PROJECT_SOURCE_DIR}/tests/browser/report.mjs
           ${CMAKE_CURRENT_BINARY_DIR}/report ${HX_THIRD_PARTY})
  set_tests_properties(browser/report PROPERTIES FIXTURES_REQUIRED report_page SKIP_RETURN_CODE 77 TIMEOUT 300)
else()
  add_test(NAME browser/report COMMAND ${CMAKE_COMMAND} -E echo "skipped: no node")
  set_tests_properties(browser/report PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: ")
endif()
