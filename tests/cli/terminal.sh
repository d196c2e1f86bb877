# On a terminal: tables, colours unless NO_COLOR, progress on standard error; none of it in a pipe.
terminal() { script -qec "$*" /dev/null | tr -d '\r'; }
terminal huaxiang sentiment samples/comments.csv -q --head 2 | cat -v | sed 's/M-[^p ]*//g'
terminal NO_COLOR=1 huaxiang sentiment samples/comments.csv -q --head 2
terminal TERM=dumb huaxiang sentiment samples/comments.csv -q --head 2
terminal huaxiang sentiment samples/comments.csv -q --head 1 --format json
terminal "huaxiang profile samples/shop/pageviews.csv --store a.db > /dev/null" | grep -c 'pageviews.csv.*%'
huaxiang profile samples/shop/pageviews.csv --store b.db 2>&1 > /dev/null | grep -c $'\x1b'
terminal "huaxiang profile samples/shop/pageviews.csv --store c.db -q > /dev/null" | wc -c
printf 'n\n' | terminal huaxiang erase C00325 --store b.db | grep -v '^n$'
huaxiang show C00325 --store b.db > /dev/null; echo "exit $?"
printf 'y\n' | terminal huaxiang erase C00325 --store b.db | grep -v '^y$'
terminal "huaxiang profile --store c.db"
# Rankings in blocks of 100 columns, all of them side by side where that is asked for; the same rows.
seq 1 60 | awk 'BEGIN{print "a,b_long_name,c,y"} {print $1 % 7 "," $1 * 3 % 11 "," $1 "," ($1 % 7 > 3 ? "yes" : "no")}' > ranks.csv
select="huaxiang table select ranks.csv --target y --seed 1 -q"
terminal "$select" | awk 'length > 100 {print "too wide: " $0} /^column/ {blocks++} END {print "blocks: " blocks}'
terminal "$select --wide" | awk 'length > 100 {wide++} /^column/ {blocks++} END {print (wide > 0), "blocks: " blocks}'
$select --format table | awk 'length > 100 {wide++} /^column/ {blocks++} END {print (wide > 0), "blocks: " blocks}'
