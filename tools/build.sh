#!/bin/sh
# Configures where needed and builds: `build.sh FOLDER [TARGET...]`. Quiet unless something fails.
# The target `tests` is what the tests run beyond the default build; alone it is enough for a sanitizer's.
set -eu
build=${1:?usage: build.sh FOLDER [TARGET...]}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
mkdir -p "$build"
log=$build/build.log

fail() {
  echo "build: failed; the whole log is $log" >&2
  grep -nE 'error|FAILED|Error' "$log" | head -n 20 >&2 || true
  exit 1
}

if [ ! -f "$build/build.ninja" ]; then
  echo "build: configuring $build"
  case $build in
    build) cmake --preset release && cmake --preset each ;; # the latter for editors
    build/*) cmake --preset "${build#build/}" ;;
    *) cmake -S . -B "$build" -G Ninja ;;
  esac >"$log" 2>&1 || { tail -n 15 "$log" >&2; fail; }
fi
[ $# -gt 0 ] || set -- all
if cmake --build "$build" --target "$@" -- -n 2>/dev/null | grep -q 'no work to do'; then
  exit 0
fi
echo "build: $build ($*)"
cmake --build "$build" --target "$@" >"$log" 2>&1 || fail
