#!/bin/sh
# Draws the figures that the labs' own programs make: `draw.sh BIN`, where BIN holds the programs.
# `draw.sh --check BIN` draws them elsewhere and says which of those here are not what the programs
# draw now.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$here
if [ "${1:-}" = --check ]; then
  shift
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi
bin=${1:?usage: draw.sh [--check] BIN}
decks=$here/decks

slicing() { # NAME DECK OPTIONS...
  name=$1 deck=$2
  shift 2
  "$bin/time-slicing" "$decks/$deck.json" --lang "$lang" --svg "$folder/$name.$lang.svg" "$@" \
    >/dev/null
}

recordings=$here/../../labs/03-handshake-trace/recordings
trace() { # RECORDING
  "$bin/handshake-trace" --read "$recordings/$1.pcapng" --follow 1 --lang "$lang" \
    --svg "$folder/trace-$1.$lang.svg" >/dev/null
}

recorded=$here/recordings
process() { # SUBCOMMAND: recordings/process-SUBCOMMAND.json
  "$bin/process-tour" "$1" --from "$recorded/process-$1.json" --lang "$lang" \
    --svg "$folder/process-$1.$lang.svg" >/dev/null
}

runs=$here/../../labs/07-context-switch/recordings
switching() { # RECORDING
  "$bin/context-switch" timeline --recorded "$runs/$1.json" --lang "$lang" \
    --svg "$folder/$1.$lang.svg" >/dev/null
}

for lang in en zh; do
  for recording in call refused syn-lost simultaneous-close; do trace "$recording"; done
  process tree
  process switches
  switching theory-and-practice
  slicing convoy convoy --compare fifo,sjf,rr:20,rr:2
  slicing feedback feedback --policy mlfq:2/4/8 --boost 50
  slicing no-stealing stealing --policy rr:2 --cores 2 --queue-per-core
  slicing stealing stealing --policy rr:2 --cores 2 --queue-per-core --steal
  "$bin/generations" --lang "$lang" --svg "$folder/one-deck.$lang.svg" >/dev/null
  "$bin/generations" utilisation --lang "$lang" --svg "$folder/utilisation.$lang.svg" >/dev/null
done

status=0
for drawn in "$folder"/*.svg; do
  cmp "$drawn" "$here/${drawn##*/}" || status=1
done
[ $status = 0 ] || echo "draw.sh: draw the figures anew: notes/figures/draw.sh $bin" >&2
exit $status
