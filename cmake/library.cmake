# libhuaxiang.so and libhuaxiang.a out of the modules' objects.
set(HX_OBJECTS "")
foreach(module ${HX_MODULES})
  list(APPEND HX_OBJECTS $<TARGET_OBJECTS:${module}>)
endforeach()

add_library(huaxiang_static STATIC ${HX_OBJECTS})
add_library(huaxiang_shared SHARED ${HX_OBJECTS})
foreach(kind static shared)
  set_target_properties(huaxiang_${kind} PROPERTIES OUTPUT_NAME huaxiang EXPORT_NAME huaxiang_${kind})
  target_include_directories(huaxiang_${kind} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
# The private libraries behind the archive; users of the shared library do not see them.
target_link_libraries(huaxiang_static PRIVATE hx_dependencies)
target_link_libraries(huaxiang_shared PRIVATE hx_dependencies)
set_target_properties(huaxiang_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
