# The report's page: template, style, words, program and chart library as one file, put together when Huaxiang is built,
# so that the library only adds the data. cmake/report_page.cmake does it and names each script by its hash.
set(report "${PROJECT_SOURCE_DIR}/web/report")
set(report_charts "${HX_THIRD_PARTY}/echarts/dist/echarts.common.min.js")
if(NOT EXISTS "${report_charts}")
  message(FATAL_ERROR "${report_charts} is missing: run script/fetch-web, which fetches it")
endif()
set(report_inputs ${report}/report.html ${report}/report.css ${report_charts} ${report}/report_text.js
    ${report}/report.js)
add_custom_command(OUTPUT "${HX_SHARE_DIR}/report/report.html"
    COMMAND ${CMAKE_COMMAND} "-DINPUTS=${report_inputs}" "-DOUTPUT=${HX_SHARE_DIR}/report/report.html"
            -P "${PROJECT_SOURCE_DIR}/cmake/report_page.cmake"
    DEPENDS ${report_inputs} "${PROJECT_SOURCE_DIR}/cmake/report_page.cmake"
    COMMENT "Assembling report.html" VERBATIM)
add_custom_target(hx_report ALL DEPENDS "${HX_SHARE_DIR}/report/report.html")
