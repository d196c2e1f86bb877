# Install step of the tarball: copies the shared libraries that libhuaxiang needs, beyond the C library's own, into
# HX_PRIVATE_LIBRARIES, with the licences that the distribution keeps for them.
file(GET_RUNTIME_DEPENDENCIES LIBRARIES "${HX_PROGRAM}" RESOLVED_DEPENDENCIES_VAR found
     POST_EXCLUDE_REGEXES "/(libc|libm|libdl|libpthread|librt|libresolv)\\.so[.0-9]*$" "/ld-linux[^/]*$" "/ld[0-9.-]*\\.so")
set(target "${CMAKE_INSTALL_PREFIX}/${HX_PRIVATE_LIBRARIES}")
foreach(library ${found})
  file(INSTALL "${library}" DESTINATION "$ENV{DESTDIR}${target}" TYPE SHARED_LIBRARY FOLLOW_SYMLINK_CHAIN)
endforeach()
