# Kernels of one instruction set are compiled for it; which of them run is chosen at run time (src/tensor/kernels.c). A file of
# another processor's set compiles to nothing.
function(hx_kernel_flags flags)
  foreach(file ${ARGN})
    # Without optimisation gcc's intrinsics are macros that convert signs in our files.
    set_source_files_properties(src/tensor/${file} PROPERTIES COMPILE_OPTIONS
                                "${flags};$<$<CONFIG:Debug>:-Wno-sign-conversion>")
  endforeach()
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(HX_AVX2 "-mavx2;-mfma;-mf16c")
  set(HX_AVX512 "${HX_AVX2};-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq")
  set(HX_VNNI "${HX_AVX512};-mavx512vnni")
  hx_kernel_flags("${HX_AVX2}" gemm_avx2.c gemm_decode_avx2.c attention_avx2.c stored_avx2.c vector_avx2.c)
  hx_kernel_flags("${HX_AVX512}" gemm_avx512.c attention_avx512.c stored_avx512.c vector_avx512.c)
  hx_kernel_flags("${HX_AVX512};-mavx512bf16" gemm_bf16.c)
  hx_kernel_flags("${HX_VNNI}" gemm_vnni.c stored_vnni.c)
  set_source_files_properties(src/nn/loops_avx2.c PROPERTIES COMPILE_OPTIONS "${HX_AVX2};-fno-math-errno")
  set_source_files_properties(src/nn/loops_avx512.c PROPERTIES COMPILE_OPTIONS
                              "${HX_AVX512};-mprefer-vector-width=512;-fno-math-errno")
  set_source_files_properties(src/learn/kmeans_avx2.c src/learn/trees_shap_avx2.c PROPERTIES COMPILE_OPTIONS "${HX_AVX2}")
  set_source_files_properties(src/learn/kmeans_avx512.c src/learn/trees_shap_avx512.c PROPERTIES COMPILE_OPTIONS
                              "${HX_AVX512};$<$<CONFIG:Debug>:-Wno-sign-conversion>")
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(src/learn/word_kernels_avx2.c PROPERTIES COMPILE_OPTIONS "${HX_AVX2}")
  set_source_files_properties(src/learn/word_kernels_avx512.c PROPERTIES COMPILE_OPTIONS
                              "${HX_AVX512};-mprefer-vector-width=512")
endif()
set_source_files_properties(src/learn/word_glove.c PROPERTIES COMPILE_OPTIONS -fno-math-errno)
# sqrtf that sets errno is a call; as an instruction it goes into vectors, with the same bits.
set_source_files_properties(src/nn/loops.c src/nn/adafactor.c PROPERTIES COMPILE_OPTIONS -fno-math-errno)
