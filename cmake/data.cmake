# Data files of the program. The build tree is laid out as an installed one: the program in build/PRESET, its data in
# build/share/huaxiang, so ../share/huaxiang finds it in both.
get_filename_component(HX_SHARE_DIR "${CMAKE_BINARY_DIR}/../share/huaxiang" ABSOLUTE)
file(MAKE_DIRECTORY "${HX_SHARE_DIR}")

# Third-party word lists, fetched once for all presets by script/fetch-data.
if(DEFINED ENV{HX_THIRD_PARTY})
  set(HX_THIRD_PARTY "$ENV{HX_THIRD_PARTY}")
else()
  set(HX_THIRD_PARTY "${PROJECT_SOURCE_DIR}/build/third_party")
endif()
foreach(part jieba opencc)
  if(NOT EXISTS "${HX_THIRD_PARTY}/${part}/complete")
    message(FATAL_ERROR "${HX_THIRD_PARTY}/${part} is missing: run script/bootstrap, which fetches it")
  endif()
endforeach()

add_executable(compile_text tools/compile_text.c src/text/datafile.c src/text/trie.c $<TARGET_OBJECTS:hx_base>)
target_include_directories(compile_text PRIVATE src include)
target_link_libraries(compile_text PRIVATE hx_dependencies)

set(jieba "${HX_THIRD_PARTY}/jieba")
set(opencc "${HX_THIRD_PARTY}/opencc")
set(lexicons "${PROJECT_SOURCE_DIR}/lexicons")
set(words_inputs ${jieba}/dict.txt ${jieba}/idf.txt ${jieba}/prob_start.py ${jieba}/prob_trans.py ${jieba}/prob_emit.py
    ${lexicons}/stopwords.zh.txt ${lexicons}/stopwords.en.txt)
add_custom_command(OUTPUT "${HX_SHARE_DIR}/words.hxd"
    COMMAND compile_text words ${words_inputs} "${HX_SHARE_DIR}/words.hxd"
    DEPENDS compile_text ${words_inputs} COMMENT "Compiling words.hxd" VERBATIM)
set(t2s_inputs ${opencc}/TSPhrases.txt ${opencc}/TSCharacters.txt)
add_custom_command(OUTPUT "${HX_SHARE_DIR}/t2s.hxd"
    COMMAND compile_text t2s ${t2s_inputs} "${HX_SHARE_DIR}/t2s.hxd"
    DEPENDS compile_text ${t2s_inputs} COMMENT "Compiling t2s.hxd" VERBATIM)
add_custom_target(hx_data ALL DEPENDS "${HX_SHARE_DIR}/words.hxd" "${HX_SHARE_DIR}/t2s.hxd")

# The rules engine's tables go beside them as they are.
set(lexicon_tables parameters seed.zh seed.en sentiment.zh sentiment.en pairs.zh pairs.en negation degree adversative phrases.zh phrases.en emoji
    idf.en intent noise keyword_stop aspects emotions)
set(lexicon_copies "")
foreach(table ${lexicon_tables})
  set(copy "${HX_SHARE_DIR}/lexicons/${table}.tsv")
  add_custom_command(OUTPUT "${copy}" COMMAND ${CMAKE_COMMAND} -E copy "${lexicons}/${table}.tsv" "${copy}"
      DEPENDS "${lexicons}/${table}.tsv" VERBATIM)
  list(APPEND lexicon_copies "${copy}")
endforeach()
add_custom_target(hx_lexicons ALL DEPENDS ${lexicon_copies})
add_dependencies(hx_data hx_lexicons)

# The engine learn's models, as they are.
set(learned "")
foreach(part learn.hxd sets.hxd syntax.hxd)
  set(copy "${HX_SHARE_DIR}/models/huaxiang-learn/${part}")
  add_custom_command(OUTPUT "${copy}"
      COMMAND ${CMAKE_COMMAND} -E copy "${PROJECT_SOURCE_DIR}/models/huaxiang-learn/${part}" "${copy}"
      DEPENDS "${PROJECT_SOURCE_DIR}/models/huaxiang-learn/${part}" VERBATIM)
  list(APPEND learned "${copy}")
endforeach()
# The engine llama's model, as it is.
set(small "")
foreach(part model.gguf beside.tsv)
  set(copy "${HX_SHARE_DIR}/models/huaxiang-small/${part}")
  add_custom_command(OUTPUT "${copy}"
      COMMAND ${CMAKE_COMMAND} -E copy "${PROJECT_SOURCE_DIR}/models/huaxiang-small/${part}" "${copy}"
      DEPENDS "${PROJECT_SOURCE_DIR}/models/huaxiang-small/${part}" VERBATIM)
  list(APPEND small "${copy}")
endforeach()
# What corrects spelling, as it is.
set(correct_copies "")
foreach(part correct.hxd rules.tsv llama.tsv)
  set(copy "${HX_SHARE_DIR}/models/huaxiang-correct/${part}")
  add_custom_command(OUTPUT "${copy}"
      COMMAND ${CMAKE_COMMAND} -E copy "${PROJECT_SOURCE_DIR}/models/huaxiang-correct/${part}" "${copy}"
      DEPENDS "${PROJECT_SOURCE_DIR}/models/huaxiang-correct/${part}" VERBATIM)
  list(APPEND correct_copies "${copy}")
endforeach()
add_custom_target(hx_models ALL DEPENDS ${learned} ${small} ${correct_copies})
add_dependencies(hx_data hx_models)

# What learns it (tools/train/learn/train).
foreach(fit fit fit_intent fit_phrase fit_words fit_sets fit_syntax fit_breaks)
  add_executable(learned_${fit} EXCLUDE_FROM_ALL tools/train/learn/${fit}.c)
  target_include_directories(learned_${fit} PRIVATE src include)
  target_link_libraries(learned_${fit} PRIVATE huaxiang_static hx_dependencies)
endforeach()

# What its weights are fitted on (tools/train/correct/fit).
add_executable(correct_features EXCLUDE_FROM_ALL tools/train/correct/features.c)
target_include_directories(correct_features PRIVATE src include)
target_link_libraries(correct_features PRIVATE huaxiang_static hx_dependencies)
