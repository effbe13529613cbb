#!/bin/sh
# What `test.sh FOLDER full` needs that only computes, done while its tests wait:
# `beside.sh FOLDER [PART...]`, of asan, tsan, fuzzers and lint; all where none is named. One thing after
# the other, at the lowest priority, so that the tests keep their deadlines. Each has its log,
# FOLDER/beside/NAME.log, and when it has ended its exit code, NAME.code. Ends at the first failure.
set -eu
build=${1:?usage: beside.sh FOLDER [PART...]}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
beside=$build/beside
mkdir -p "$beside"
renice -n 19 -p $$ >/dev/null
# A session's processes share a priority of their own (sched(7), autogroup): niceness alone counts
# only among them.
echo 19 2>/dev/null >/proc/self/autogroup || true

compute() { # NAME COMMAND...
  name=$1
  shift
  code=0
  "$@" >"$beside/$name.log" 2>&1 || code=$?
  echo "$code" >"$beside/$name.part"
  mv "$beside/$name.part" "$beside/$name.code" # whole as soon as it is there
  [ "$code" = 0 ] || exit "$code"
}

fuzzers() {
  cmake --preset fuzz -B "$build/fuzz" >/dev/null
  tools/build.sh "$build/fuzz" fuzz_targets
}

[ $# -gt 0 ] || set -- asan tsan fuzzers lint
for part in "$@"; do
  case $part in
    asan | tsan) compute "$part" tools/build.sh "build/$part" tests ;;
    fuzzers) compute fuzzers fuzzers ;;
    lint) compute lint tools/lint.sh "$build" ;;
    *) echo "beside: there is no part '$part'" >&2; exit 2 ;;
  esac
done
