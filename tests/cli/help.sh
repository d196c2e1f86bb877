# Help of the program and of two commands in both languages; every command has help.
huaxiang --help
huaxiang help --lang zh
huaxiang sentiment --help
huaxiang --lang zh profile --help --wrong
for command in $(huaxiang --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^huaxiang$'); do
    for lang in en zh; do
        huaxiang $command --help --lang $lang | grep -q "^huaxiang $command - " || echo "$command ($lang) has no help"
    done
done
echo '--- completion'
for shell in bash zsh fish; do huaxiang completion $shell > c.$shell; wc -l < c.$shell | awk '{print ($1 > 20)}'; done
bash -n c.bash && . ./c.bash
complete_as() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _huaxiang; echo "${COMPREPLY[@]}"; }
complete_as huaxiang sen
complete_as huaxiang segment ''
complete_as huaxiang imports ''
complete_as huaxiang sentiment --fo
complete_as huaxiang sentiment --format t
complete_as huaxiang export profiles --format x
complete_as huaxiang sentiment samples/comm
echo '--- manual'
for lang in en zh; do
    huaxiang man --lang $lang > m.1
    grep -c '^\.SH' m.1
    for command in $(huaxiang --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^huaxiang$'); do
        grep -q "^\.B $command" m.1 || echo "$command is not in the manual"
    done
done
