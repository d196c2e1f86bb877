# Wrong usage is one sentence, a hint, and exit status 2, in the language that was asked for.
try() { "$@"; echo "exit $?"; }
try huaxiang
try huaxiang sentimant
try huaxiang frobnicate
try huaxiang sentiment --formt json
try huaxiang sentiment --format jsn
try huaxiang sentiment --head
try huaxiang sentiment --head 0
try huaxiang sentiment --head ten
try huaxiang sentiment --head 99999999999999999999
try huaxiang sentiment --quiet=yes
try huaxiang sentiment --delimiter ab
try huaxiang sentiment --labels positive
try huaxiang sentiment --labels positive,happy
try huaxiang sentiment --store x
try huaxiang train classify --map text=comment
try huaxiang -x
try huaxiang show
try huaxiang show u1
try huaxiang show u1 u2 --store x
try huaxiang segment
try huaxiang segment lst --store x
try huaxiang segment show --store x
try huaxiang imports undo nine --store x
try huaxiang export profiles --format xlsx --store x
try huaxiang table group samples/comments.csv
try huaxiang profile samples/comments.csv
try huaxiang profile samples/comments.csv --store x --as-of yesterday
try huaxiang completion tcsh
try huaxiang help sentimnt
try huaxiang --lang zh sentimant
try huaxiang sentiment --lang zh --head 0
try env LC_ALL=zh_CN.UTF-8 huaxiang segment lst
try env LANG=zh_TW.UTF-8 huaxiang segment lst
try huaxiang aspects samples/comments.csv --engine learn --lang zh
try huaxiang sentiment -qn1 --engine rules --format=csv samples/comments.csv --text=comment
try huaxiang sentiment -q -n 1 --engine rules -- samples/comments.csv
try huaxiang -V
try huaxiang sentiment --version
try huaxiang sentiment -q -n 1 --engine rules --seed 7 --model rules samples/comments.csv --format csv
try huaxiang sentiment --model qwen samples/comments.csv
try huaxiang --lang zh show u1 --model qwen
try huaxiang sentiment samples/comments.csv --abstain 2
