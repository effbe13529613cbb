#!/bin/sh
# Draws the figures that the labs' own programs make: `draw.sh BIN [FOLDER]`, where BIN holds the
# programs and FOLDER takes the pictures (default: this folder). The same programs give the same
# pictures, byte for byte; a test compares them.
set -eu
bin=${1:?usage: draw.sh BIN [FOLDER]}
here=$(cd "$(dirname "$0")" && pwd)
folder=${2:-$here}
decks=$here/decks

for lang in en zh; do
  slicing() { # NAME DECK OPTIONS...
    name=$1 deck=$2
    shift 2
    "$bin/time-slicing" "$decks/$deck.json" --lang "$lang" --svg "$folder/$name.$lang.svg" "$@" \
      >/dev/null
  }
  slicing convoy convoy --compare fifo,sjf,rr:20,rr:2
  slicing feedback feedback --policy mlfq:2/4/8 --boost 50
  slicing no-stealing stealing --policy rr:2 --cores 2 --queue-per-core
  slicing stealing stealing --policy rr:2 --cores 2 --queue-per-core --steal
done
