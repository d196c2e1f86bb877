# Libraries from the distribution; script/bootstrap installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
set(HX_REQUIREMENTS jansson>=2.13 libutf8proc>=2.6 libzstd>=1.5 zlib>=1.2 libzip>=1.7 libxml-2.0>=2.9 sqlite3>=3.40
    libxxhash>=0.8 libcurl>=7.85 libsodium>=1.0.18)
pkg_check_modules(HX_DEPS REQUIRED IMPORTED_TARGET ${HX_REQUIREMENTS})
# The same list for users of the archive, as pkg-config and CMake write it (cmake/install.cmake).
list(JOIN HX_REQUIREMENTS " " HX_REQUIRES_CMAKE)
string(REPLACE ">=" " >= " HX_REQUIRES "${HX_REQUIRES_CMAKE}")
add_library(hx_dependencies INTERFACE)
target_link_libraries(hx_dependencies INTERFACE PkgConfig::HX_DEPS Threads::Threads m)
