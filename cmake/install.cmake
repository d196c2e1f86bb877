# Installation and packages. The tree may be moved as a whole: the program finds its data at ../share/huaxiang of its
# own place, the pkg-config file and the CMake package find theirs relative to themselves.
#
#     cmake --install build/release --prefix DIR
#     cmake --workflow --preset package     -> build/package/huaxiang-*.tar.gz (with its libraries inside) and .deb
include(CMakePackageConfigHelpers)
set(HX_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/huaxiang)

# ---------------------------------------------------------------- program and data
file(RELATIVE_PATH HX_BIN_TO_LIB /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
if(TARGET huaxiang)
  # RPATH, not RUNPATH: the libraries that a tarball brings along find each other through the program's.
  set_target_properties(huaxiang PROPERTIES
      INSTALL_RPATH "$ORIGIN/${HX_BIN_TO_LIB};$ORIGIN/${HX_BIN_TO_LIB}/huaxiang")
  target_link_options(huaxiang PRIVATE -Wl,--as-needed -Wl,--disable-new-dtags)
  install(TARGETS huaxiang RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endif()
# The manual page and the shells' completion come from the program's own table of commands.
if(TARGET huaxiang)
  set(HX_PAGES huaxiang.1 huaxiang.bash _huaxiang huaxiang.fish)
  list(TRANSFORM HX_PAGES PREPEND ${PROJECT_BINARY_DIR}/pages/)
  add_custom_command(OUTPUT ${HX_PAGES}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/pages
      COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C.UTF-8 $<TARGET_FILE:huaxiang> man --lang en > pages/huaxiang.1
      COMMAND $<TARGET_FILE:huaxiang> completion bash > pages/huaxiang.bash
      COMMAND $<TARGET_FILE:huaxiang> completion zsh > pages/_huaxiang
      COMMAND $<TARGET_FILE:huaxiang> completion fish > pages/huaxiang.fish
      DEPENDS huaxiang WORKING_DIRECTORY ${PROJECT_BINARY_DIR} COMMENT "Writing the manual page and completions" VERBATIM)
  add_custom_target(hx_pages ALL DEPENDS ${HX_PAGES})
  install(FILES ${PROJECT_BINARY_DIR}/pages/huaxiang.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
  install(FILES ${PROJECT_BINARY_DIR}/pages/huaxiang.bash RENAME huaxiang
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
  install(FILES ${PROJECT_BINARY_DIR}/pages/_huaxiang DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT program)
  install(FILES ${PROJECT_BINARY_DIR}/pages/huaxiang.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
endif()
install(DIRECTORY ${HX_SHARE_DIR}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/huaxiang COMPONENT program)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/samples DESTINATION ${CMAKE_INSTALL_DATADIR}/huaxiang COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/README.zh.md ${PROJECT_SOURCE_DIR}/LICENSE
              ${PROJECT_SOURCE_DIR}/NOTICE
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright COMPONENT program)

# ---------------------------------------------------------------- library
install(TARGETS huaxiang_shared EXPORT huaxiang_shared
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS huaxiang_static hx_dependencies EXPORT huaxiang_static
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/huaxiang DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.h")
foreach(kind shared static)
  install(EXPORT huaxiang_${kind} NAMESPACE huaxiang:: DESTINATION ${HX_CMAKE_DIR} COMPONENT development)
endforeach()
configure_package_config_file(cmake/huaxiang-config.cmake.in huaxiang-config.cmake INSTALL_DESTINATION ${HX_CMAKE_DIR})
write_basic_package_version_file(huaxiang-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/huaxiang-config.cmake ${PROJECT_BINARY_DIR}/huaxiang-config-version.cmake
        DESTINATION ${HX_CMAKE_DIR} COMPONENT development)
file(RELATIVE_PATH HX_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(huaxiang.pc.in huaxiang.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/huaxiang.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# ---------------------------------------------------------------- packages
# The tarball brings every library that is not the C library's own, so it runs where only that is there.
install(CODE "set(HX_PRIVATE_LIBRARIES \"${CMAKE_INSTALL_LIBDIR}/huaxiang\")" COMPONENT bundled EXCLUDE_FROM_ALL)
install(CODE "set(HX_LICENCES \"${CMAKE_INSTALL_DOCDIR}/licences\")" COMPONENT bundled EXCLUDE_FROM_ALL)
install(CODE "set(HX_PROGRAM \"$<TARGET_FILE:huaxiang>\")" COMPONENT bundled EXCLUDE_FROM_ALL)
install(SCRIPT cmake/bundle.cmake COMPONENT bundled EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_NAME huaxiang)
set(CPACK_PACKAGE_VENDOR "The Huaxiang authors")
set(CPACK_PACKAGE_CONTACT "Huaxiang developers <huaxiang@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Customer profiles from what customers say and do")
set(CPACK_PACKAGE_DESCRIPTION "Reads files of comments, orders and events in Chinese and English and makes customer
profiles, segments, receipts and a report. Everything runs on this machine.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_COMPONENTS_ALL program library development bundled)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" CPACK_SYSTEM_NAME)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/package.cmake)
include(CPack)
