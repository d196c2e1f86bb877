# libhuaxiang.so and libhuaxiang.a out of the modules' objects. Only functions declared HX_API are exported from the
# shared library; tests/checks/exports.py compares the two sets.
set(HX_OBJECTS "")
foreach(module ${HX_MODULES})
  list(APPEND HX_OBJECTS $<TARGET_OBJECTS:${module}>)
endforeach()

add_library(huaxiang_static STATIC ${HX_OBJECTS})
add_library(huaxiang_shared SHARED ${HX_OBJECTS})
foreach(kind static shared)
  set_target_properties(huaxiang_${kind} PROPERTIES OUTPUT_NAME huaxiang)
  target_include_directories(huaxiang_${kind} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
# The private libraries behind the archive; users of the shared library do not see them.
target_link_libraries(huaxiang_static PRIVATE hx_dependencies)
target_link_libraries(huaxiang_shared PRIVATE hx_dependencies)
target_link_options(huaxiang_shared PRIVATE -Wl,--as-needed -Wl,--exclude-libs,ALL)
if(NOT HX_SANITIZE)
  target_link_options(huaxiang_shared PRIVATE -Wl,--no-undefined)
endif()
set_target_properties(huaxiang_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

# The header says the same version as the project.
file(STRINGS include/huaxiang/base.h HX_VERSION_LINE REGEX "^#define HX_VERSION ")
if(NOT HX_VERSION_LINE STREQUAL "#define HX_VERSION \"${PROJECT_VERSION}\"")
  message(FATAL_ERROR "include/huaxiang/base.h: ${HX_VERSION_LINE}, but the project is ${PROJECT_VERSION}")
endif()
