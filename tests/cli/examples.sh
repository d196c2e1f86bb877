# Every example of every help page runs as it stands, in the order of the table.
for command in $(huaxiang --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v '^huaxiang$'); do
    huaxiang $command --help | sed -n '/^Examples$/,/^$/p' | grep -A1 '^  # ' | grep -v -e '^  # ' -e '^--$' | while read -r example; do
        if bash -c "$example" > last.out 2> last.err < /dev/null; then
            [ -s last.out ] || [ -s last.err ] || [[ $example == *'>'* || $example == *--out* ]] || echo "silent: $example"
            echo "ok  $example"
        else
            echo "FAILED $? $example"
            cat last.err
        fi
    done
done
