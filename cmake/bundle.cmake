# Install step of the tarball: copies the shared libraries that HX_PROGRAM needs, beyond the C library's own, into
# HX_PRIVATE_LIBRARIES, and what the distribution says of their licences into HX_LICENCES.
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES "${HX_PROGRAM}" RESOLVED_DEPENDENCIES_VAR found
     POST_EXCLUDE_REGEXES "/(libc|libm|libdl|libpthread|librt|libresolv)\\.so[.0-9]*$" "/ld-linux[^/]*$" "/ld[0-9.-]*\\.so")
set(prefix "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
foreach(library ${found})
  file(INSTALL "${library}" DESTINATION "${prefix}/${HX_PRIVATE_LIBRARIES}" TYPE SHARED_LIBRARY FOLLOW_SYMLINK_CHAIN)
  # The package is registered under the path it was installed as, which may be the one without /usr.
  file(REAL_PATH "${library}" real)
  string(REGEX REPLACE "^/usr/" "/" short "${real}")
  execute_process(COMMAND dpkg-query -S "${real}" "${short}" OUTPUT_VARIABLE owner ERROR_QUIET)
  string(REGEX MATCH "^[^:\n]+" owner "${owner}")
  if(owner AND EXISTS "/usr/share/doc/${owner}/copyright")
    configure_file("/usr/share/doc/${owner}/copyright" "${prefix}/${HX_LICENCES}/${owner}.txt" COPYONLY)
  endif()
endforeach()
