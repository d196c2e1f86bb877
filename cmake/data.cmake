# Data files of the program. The build tree is laid out as an installed one: the program in build/PRESET, its data in
# build/share/huaxiang, so ../share/huaxiang finds it in both.
get_filename_component(HX_SHARE_DIR "${CMAKE_BINARY_DIR}/../share/huaxiang" ABSOLUTE)
file(MAKE_DIRECTORY "${HX_SHARE_DIR}")
