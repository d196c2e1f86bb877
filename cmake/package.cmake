# What differs between the packages: the .deb names its libraries as dependencies, the tarball brings them along.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
  list(REMOVE_ITEM CPACK_COMPONENTS_ALL bundled)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY OFF)
endif()
