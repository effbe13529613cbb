#!/bin/sh
# Runs a tier of the tests: `test.sh FOLDER quick|full|soak`. Builds nothing in FOLDER itself.
set -eu
build=${1:?usage: test.sh FOLDER quick|full|soak}
tier=${2:?usage: test.sh FOLDER quick|full|soak}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

# A student's own starter (label `starter`) is part of no tier.
run() { # FOLDER CTEST-OPTIONS...
  folder=$1
  shift
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$(nproc)" "$@"
}

case $tier in
  quick)
    run "$build" -LE 'starter|full|soak'
    ;;
  full)
    tools/lint.sh "$build"
    run "$build" -L full
    for kind in asan tsan; do
      tools/build.sh "build/$kind" all tests
      run "build/$kind" -LE 'starter|soak|no-sanitizer'
    done
    tools/fuzz.sh "$build" 10
    ;;
  soak)
    run "$build" -L solution -LE starter --repeat until-fail:100
    tools/fuzz.sh "$build" 1800
    ;;
  *)
    echo "test: there is no tier '$tier': use quick, full or soak" >&2
    exit 2
    ;;
esac
