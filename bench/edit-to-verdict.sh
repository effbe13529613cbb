#!/bin/sh
# How long a student waits: edit a lab's starter, then `workbook check` to its verdict. For each lab
# five times, starter and solution text, each time with a line that no compiler cache has seen; prints
# the median and the spread in seconds.
# What bounds it: compiling the one file and linking two programs, then the judge's own waits.
set -eu
build=${1:?usage: edit-to-verdict.sh FOLDER}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
runs=5

seconds() { date +%s.%N; }

measure() { # LAB LABEL [FILE-TEXT]: the starter's own text when there is no other
  lab=$1 label=$2
  number=$(basename "$lab")
  starter=$(echo "$lab"/starter/*.cpp)
  kept=$(mktemp)
  cp "$starter" "$kept"
  text=${3:-$kept}
  # shellcheck disable=SC2064  # the names of now
  trap "cp '$kept' '$starter'; rm -f '$kept' '$kept.progress'" EXIT INT TERM
  times=
  for run in $(seq "$runs"); do
    { cat "$text"; echo "extern int edit_$(date +%s)_$run;"; } >"$starter"
    begin=$(seconds)
    "$build/bin/workbook" check "$number" --progress "$kept.progress" >/dev/null 2>&1 || true
    end=$(seconds)
    times="$times $(echo "$end $begin" | awk '{printf "%.2f", $1 - $2}')"
  done
  cp "$kept" "$starter"
  rm -f "$kept" "$kept.progress"
  trap - EXIT INT TERM
  # shellcheck disable=SC2086
  printf '%s\n' $times | sort -n | awk -v name="$(basename "$lab") ($label)" \
    '{t[NR] = $1} END {printf "%-32s median %s s, %s to %s s, of %d\n", name, t[int((NR + 1) / 2)], t[1], t[NR], NR}'
}

for lab in labs/[0-9][0-9]-* ftp; do
  measure "$lab" starter
  [ ! -d "$lab/solution" ] || measure "$lab" solution "$(echo "$lab"/solution/*.cpp)"
done
