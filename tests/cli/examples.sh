# Every example of every help page runs as it stands, in the order of the table. Tiny models stand in for those that examples name; what
# needs the network, the model huaxiang-small, or sums of the true ones, is only listed.
mkdir -p "$HOME/.cache/huaxiang/models"
for name in smollm2-135m qwen2.5-coder-0.5b; do cp "${0%/*}/../golden/llama/gguf_chat.gguf" "$HOME/.cache/huaxiang/models/$name.gguf"; done
for command in $(huaxiang --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^huaxiang$'); do
    actions=$(huaxiang $command --help | sed -n '/^Actions$/,/^$/s/^  \([a-z-]*\)  .*/\1/p')
    for action in $actions ''; do [ -n "$action" ] || [ -z "$actions" ] || continue; huaxiang $command $action --help; done | sed -n '/^Examples$/,/^$/p' | grep -A1 '^  # ' | grep -v -e '^  # ' -e '^--$' | while read -r example; do
        case $example in 'huaxiang models get'* | 'huaxiang models verify'* | 'huaxiang parse'*) echo "--  $example"; continue ;; esac
        if bash -c "$example" > last.out 2> last.err < /dev/null; then
            [ -s last.out ] || [ -s last.err ] || [[ $example == *'>'* || $example == *--out* ]] || echo "silent: $example"
            echo "ok  $example"
        else
            echo "FAILED $? $example"
            cat last.err
        fi
    done
done
