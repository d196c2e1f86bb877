#!/bin/sh
# kill.sh PROGRAM ROUNDS [FILE...] - an import killed with SIGKILL at random moments and resumed until it ends, ROUNDS times; the profiles of every
# store must equal those of an import that was left alone, and the store must hold together.
#
# The moment is drawn from the round's number, so a failing round can be repeated. Prints one line a round.
set -eu
program=$1 rounds=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ $# -gt 0 ] || { echo "usage: kill.sh PROGRAM ROUNDS FILE..." >&2; exit 2; }

profiles() { "$program" export profiles --store "$1" --format csv --out "$2" --quiet; }

began=$(date +%s%N)
"$program" profile "$@" --engine rules --store "$folder/whole.db" --quiet >/dev/null
took=$(( ($(date +%s%N) - began) / 1000000 ))
profiles "$folder/whole.db" "$folder/whole.csv"

round=1
kills_all=0
while [ "$round" -le "$rounds" ]; do
    store="$folder/round$round.db"
    kills=0
    while :; do
        # Later tries of a round run longer, so that each round ends.
        wait_ms=$(( ((round * 7919 + kills * 104729) % (took + 1)) * (kills + 2) / 3 + 3 ))
        "$program" profile "$@" --engine rules --store "$store" --resume --quiet >/dev/null 2>"$folder/stderr" &
        child=$!
        sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
        if kill -KILL "$child" 2>/dev/null; then
            wait "$child" 2>/dev/null || true
            kills=$((kills + 1))
            [ "$kills" -lt 40 ] || { echo "round $round: never ends"; exit 1; }
        else
            wait "$child" || { echo "round $round: failed: $(cat "$folder/stderr")"; exit 1; }
            break
        fi
    done
    profiles "$store" "$folder/round.csv"
    cmp -s "$folder/whole.csv" "$folder/round.csv" || { echo "round $round: profiles differ after $kills kills"; exit 1; }
    "$program" doctor --store "$store" --quiet >/dev/null || { echo "round $round: the store is damaged"; exit 1; }
    echo "round $round: equal after $kills kills"
    kills_all=$((kills_all + kills))
    rm -f "$store" "$store"-* "$store".*
    round=$((round + 1))
done
echo "$rounds rounds, $kills_all kills, all stores equal"
