# Tests of the tree itself, on the plain builds only: layers, style, format, exported symbols, headers, a real
# installation, and the commands that the documents give. Each checking tool is first tested on bad samples.
if(HX_SANITIZE OR HX_COVERAGE)
  return()
endif()
find_program(HX_CXX NAMES g++ clang++)
if(NOT HX_CXX)
  set(HX_CXX "")
endif()

foreach(tool layers style articles training_keys)
  add_test(NAME checks/${tool}_self COMMAND ${PROJECT_SOURCE_DIR}/tools/check_${tool} --self-test)
endforeach()
foreach(tool layers style format training_keys)
  add_test(NAME checks/${tool} COMMAND ${PROJECT_SOURCE_DIR}/tools/check_${tool})
endforeach()
add_test(NAME checks/exports COMMAND ${PROJECT_SOURCE_DIR}/tests/checks/exports.py
         $<TARGET_FILE:huaxiang_shared> $<TARGET_FILE:huaxiang_static> ${PROJECT_SOURCE_DIR}/include/huaxiang)
list(TRANSFORM HX_DEPS_INCLUDE_DIRS PREPEND -isystem OUTPUT_VARIABLE HX_SYSTEM_FLAGS)
add_test(NAME checks/headers COMMAND ${PROJECT_SOURCE_DIR}/tests/checks/headers.py
         ${PROJECT_SOURCE_DIR} ${CMAKE_C_COMPILER} "${HX_CXX}" ${HX_SYSTEM_FLAGS})
if(TARGET huaxiang)
  add_test(NAME checks/install COMMAND ${PROJECT_SOURCE_DIR}/tests/install/run.sh ${PROJECT_BINARY_DIR}
           ${PROJECT_SOURCE_DIR})
  add_test(NAME checks/package COMMAND ${PROJECT_SOURCE_DIR}/tests/install/package.sh ${PROJECT_SOURCE_DIR})
  set_tests_properties(checks/package PROPERTIES TIMEOUT 1200 LABELS long RUN_SERIAL ON)
  add_test(NAME checks/articles COMMAND ${PROJECT_SOURCE_DIR}/tools/check_articles --program $<TARGET_FILE:huaxiang>)
  set_tests_properties(checks/articles PROPERTIES TIMEOUT 900)
endif()
