#!/bin/sh
# Runs a tier of the tests: `test.sh FOLDER quick|full|soak`; or plays the mutants of the labs that
# changed, and records that they lost their cases: `test.sh FOLDER mutants`. Builds nothing in FOLDER
# itself.
set -eu
build=${1:?usage: test.sh FOLDER quick|full|soak|mutants}
tier=${2:?usage: test.sh FOLDER quick|full|soak|mutants}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

# A student's own starter (label `starter`) is part of no tier.
run() { # FOLDER CTEST-OPTIONS...
  folder=$1
  shift
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$(nproc)" "$@"
}

computed() { # NAME: waits until beside.sh has done it and shows its log; fails where it failed
  code=$build/beside/$1.code
  while [ ! -f "$code" ] && kill -0 "$beside" 2>/dev/null; do sleep 0.2; done
  cat "$build/beside/$1.log" || true
  [ "$(cat "$code" 2>/dev/null)" = 0 ] || { echo "test: failed: $1" >&2; exit 1; }
}

case $tier in
  quick)
    run "$build" -LE 'starter|full|soak'
    ;;
  full)
    # What only computes is done while tests wait, in a process group of its own, which ends with this.
    rm -rf "$build/beside"
    setsid tools/beside.sh "$build" &
    beside=$!
    trap 'kill -- "-$beside" 2>/dev/null || true' EXIT
    trap 'exit 130' INT TERM
    run "$build" -L full
    for kind in asan tsan; do
      computed $kind
      run "build/$kind" -LE 'starter|soak|no-sanitizer'
    done
    computed fuzzers
    tools/fuzz.sh "$build" 10
    computed lint
    ;;
  mutants)
    DIALTONE_MUTANTS=record run "$build" -L mutants
    ;;
  soak)
    tools/build.sh build/each all tests # each file on its own: it includes what it needs
    tools/build.sh "$build" benches # which nothing else builds
    run "$build" -L soak
    DIALTONE_MUTANTS=all run "$build" -L mutants
    tools/lint.sh "$build" 225000
    run "$build" -L solution -LE starter --repeat until-fail:100
    tools/fuzz.sh "$build" 1800
    ;;
  *)
    echo "test: there is no tier '$tier': use quick, full, soak or mutants" >&2
    exit 2
    ;;
esac
