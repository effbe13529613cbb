#!/bin/sh
# Runs the fuzz targets, then says which lines of their subjects they reach:
# `fuzz.sh FOLDER SECONDS [TARGET...]`. FOLDER is the usual build folder; the fuzzers are built by
# clang in FOLDER/fuzz and FOLDER/fuzz-coverage. Each target replays its corpus (tests/fuzz/corpus),
# then looks for new inputs for SECONDS (0: replay only); what it finds stays in the build folder.
# Fails on any finding, and where the lines reached are fewer than $least of a hundred.
set -eu
build=${1:?usage: fuzz.sh FOLDER SECONDS [TARGET...]}
seconds=${2:?usage: fuzz.sh FOLDER SECONDS [TARGET...]}
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
all="fuzz_decoder fuzz_header fuzz_digest"
subject=labs/08-framing/solution/framing.cpp
least=85

fail() { echo "fuzz: $*" >&2; exit 1; }

[ -f "$subject" ] || subject=labs/08-framing/starter/framing.cpp # a student's tree
coverage=yes
[ $# -eq 0 ] && targets=$all || { targets=$*; coverage=; } # a part does not reach the whole
for target in $targets; do
  case " $all " in *" $target "*) ;; *) echo "fuzz: there is no target '$target': $all" >&2; exit 2 ;; esac
done

fuzz=$build/fuzz
# shellcheck disable=SC2086  # the lists are words on purpose
tools/build.sh "$fuzz" $targets
mkdir -p "$fuzz/found" "$fuzz/findings"

run() { # TARGET
  corpus=tests/fuzz/corpus/${1#fuzz_}
  found=$fuzz/found/${1#fuzz_}
  log=$fuzz/$1.log
  mkdir -p "$found"
  set -- "$1" -artifact_prefix="$fuzz/findings/$1-" -timeout=10 -rss_limit_mb=1024 \
    -malloc_limit_mb=16 -dict=tests/fuzz/json.dict -print_final_stats=1
  begin="$1 over the corpus"
  "$fuzz/fuzz/$@" -runs=0 "$corpus" >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "$begin: a finding; the whole log is $log"; }
  if [ "$seconds" -gt 0 ]; then
    "$fuzz/fuzz/$@" -max_total_time="$seconds" "$found" "$corpus" >"$log" 2>&1 ||
      { tail -n 40 "$log" >&2; fail "$1: a finding, in $fuzz/findings; the whole log is $log"; }
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "fuzz: $1: clean, $runs runs, seeds $(find "$corpus" -type f | wc -l), found since $(find "$found" -type f | wc -l)"
}

for target in $targets; do run "$target"; done
[ -n "$coverage" ] || exit 0

# The newest of its kind where the plain name is missing: Debian and Ubuntu put both on the PATH.
tool() { command -v "$1" || fail "there is no $1: tools/setup.sh full installs it"; }
llvm_cov=$(tool llvm-cov)
llvm_profdata=$(tool llvm-profdata)
covered=$build/fuzz-coverage
# shellcheck disable=SC2086
tools/build.sh "$covered" $all
objects=
for target in $all; do
  LLVM_PROFILE_FILE=$covered/$target.profraw "$covered/fuzz/$target" -runs=0 -rss_limit_mb=1024 \
    "tests/fuzz/corpus/${target#fuzz_}" "$fuzz/found/${target#fuzz_}" >"$covered/$target.log" 2>&1 ||
    fail "$target: a finding in the coverage build; the log is $covered/$target.log"
  objects="$objects -object $covered/fuzz/$target"
done
"$llvm_profdata" merge -sparse "$covered"/fuzz_*.profraw -o "$covered/all.profdata"
# shellcheck disable=SC2086
"$llvm_cov" show $objects -instr-profile="$covered/all.profdata" "$subject" >"$covered/lines.txt"
# shellcheck disable=SC2086
reached=$("$llvm_cov" export $objects -instr-profile="$covered/all.profdata" -summary-only "$subject" |
  python3 -c 'import json, sys
lines = json.load(sys.stdin)["data"][0]["totals"]["lines"]
print(lines["covered"], lines["count"], int(lines["percent"] * 10) / 10)')
# shellcheck disable=SC2086
set -- $reached
echo "fuzz: $subject: $1 of $2 lines reached, $3 % (line by line: $covered/lines.txt)"
awk -v p="$3" -v least="$least" 'BEGIN {exit !(p >= least)}' || fail "fewer than $least % of the lines were reached"
