#!/bin/sh
# kill_train.sh PROGRAM ROUNDS COMMENTS.csv - trainings killed with SIGKILL at random moments and resumed until they end, ROUNDS times each;
# log, weights, optimiser, best model and figures must be, by sha256, those of a training that was left alone.
#
# Two trainings: plain text (causal and masked sequences in turn) and labels from its model, with dropout. A checkpoint is written every few steps, so kills also
# fall on its writing. The whole training has two threads; each try of a round takes one or two by turns. The moment is drawn from the
# round's number, so a failing round can be repeated. Prints one line a round.
set -eu
program=$1 rounds=$2 data=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

sums() (cd "$1" && sha256sum log.jsonl best.safetensors last/weights.safetensors last/optimiser.safetensors best/model.safetensors metrics.json)

train() { # RUN THREADS [--resume]: the training that $kind names
    run=$1 threads=$2
    shift 2
    case $kind in
        pretrain) exec "$program" train pretrain --data "$data" --text comment --tokenizer tokenizer.model --config every.json --layers 2 --width 64 \
            --heads 2 --objective mixed:0.5 --batch-tokens 512 --length 32 --steps 240 --evaluate-every 60 --out "$run" --threads "$threads" --quiet "$@" ;;
        classify) exec "$program" train classify "$data" --text comment --label label --model text-whole --config every.json --dropout 0.1 \
            --split 70,15,15 --batch-tokens 512 --epochs 5 --out "$run" --threads "$threads" --quiet "$@" ;;
    esac
}

round_of() { # ROUND: kills and resumes until the training ends
    kills=0 resume=
    while :; do
        # Later tries of a round run longer, so that each round ends.
        wait_ms=$(( (($1 * 7919 + kills * 104729) % (took + 1)) * (kills + 2) / 3 + 3 ))
        (train "cut$1" $((1 + kills % 2)) $resume) >/dev/null 2>stderr &
        child=$!
        sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
        if kill -KILL "$child" 2>/dev/null; then
            wait "$child" 2>/dev/null || true
            kills=$((kills + 1))
            [ "$kills" -lt 40 ] || { echo "$kind, round $1: never ends"; exit 1; }
            resume=--resume
        else
            wait "$child" || { echo "$kind, round $1: failed: $(cat stderr)"; exit 1; }
            break
        fi
    done
    sums "cut$1" >cut.sums
    cmp -s whole.sums cut.sums || { echo "$kind, round $1: different after $kills kills"; diff whole.sums cut.sums; exit 1; }
    echo "$kind, round $1: equal after $kills kills"
    kills_all=$((kills_all + kills))
    rm -rf "cut$1"
}

echo '{"checkpoint_every":7}' >every.json
"$program" train tokenizer --data "$data" --text comment --vocab 1536 --out tokenizer.model --quiet
kills_all=0
for kind in pretrain classify; do
    whole=$kind-whole
    [ $kind = classify ] || whole=text-whole
    began=$(date +%s%N)
    (train $whole 2) >/dev/null
    took=$(( ($(date +%s%N) - began) / 1000000 ))
    sums $whole >whole.sums
    round=1
    while [ "$round" -le "$rounds" ]; do
        round_of "$round"
        round=$((round + 1))
    done
done
echo "$((2 * rounds)) rounds, $kills_all kills, all files equal"
