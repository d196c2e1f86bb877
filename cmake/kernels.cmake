# Kernels of one instruction set are compiled for it; which of them run is chosen at run time (src/tensor/kernels.c). A file of
# another processor's set compiles to nothing.
function(hx_kernel_flags flags)
  foreach(file ${ARGN})
    set_source_files_properties(src/tensor/${file} PROPERTIES COMPILE_OPTIONS "${flags}")
  endforeach()
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(HX_AVX2 "-mavx2;-mfma;-mf16c")
  set(HX_AVX512 "${HX_AVX2};-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq")
  set(HX_VNNI "${HX_AVX512};-mavx512vnni")
endif()
