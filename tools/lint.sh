#!/bin/sh
# clang-format, clang-tidy, cppcheck and shellcheck over the project's own files:
# `lint.sh FOLDER [STATES]`, where FOLDER is the build folder; how clang compiles each file on its own,
# FOLDER/lint tells. clang's analyzer follows a function through STATES (5000) of its states.
set -eu
build=${1:?usage: lint.sh FOLDER [STATES]}
states=${2:-5000}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
status=0

step() {
  echo "lint: $1"
  shift
  "$@" || { echo "lint: failed: $1" >&2; status=1; }
}

# A student's starter is theirs to write as they like.
sources=$(git ls-files '*.cpp' '*.hpp' | grep -v '/starter/')
units=$(git ls-files '*.cpp' | grep -v '/starter/' | grep -vE '^(tests|tools|labs/.*/tests)/')

# shellcheck disable=SC2086  # the lists are words on purpose
step clang-format clang-format --dry-run --Werror $sources
# shellcheck disable=SC2046
step shellcheck shellcheck $(git ls-files '*.sh' .ci/run)
# shellcheck disable=SC2086
step cppcheck cppcheck --quiet -j "$(nproc)" --error-exitcode=1 --inline-suppr --std=c++20 \
  --enable=warning,performance,portability --suppress=missingIncludeSystem \
  --suppress=internalAstError --suppress=unknownMacro \
  -I common -I workbook/judge -I tests/support $units

# Each file on its own, on top of headers that clang has read before. Bodies of templates that a file
# never uses are not parsed. Nor is C++20 read with its modules, for which clang-tidy would go through
# those headers again, token by token.
precompile() {
  cmake --preset each -B "$build/lint" -DCMAKE_CXX_COMPILER=clang++ \
    -DCMAKE_CXX_FLAGS="-fdelayed-template-parsing -Xclang -fno-cxx-modules" \
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=OFF &&
    cmake --build "$build/lint" --target dialtone_precompiled_base dialtone_precompiled_asio \
      dialtone_precompiled_practice
}

# Prints the options by which clang-tidy leaves out the system's headers. Without the plugin's
# compiler or its headers it finds the same, and takes twice as long.
own_code_alone() {
  headers=$(llvm-config --includedir) &&
    clang++ -std=c++17 -O1 -fPIC -shared -fno-rtti -isystem "$headers" tools/tidy/own_code.cpp \
      -o "$build/own_code.so" &&
    clang-tidy --load="$build/own_code.so" --checks='-*,dialtone-own-code' --list-checks >&2 &&
    echo "--load=$build/own_code.so --checks=dialtone-own-code"
}
alone=$(own_code_alone 2>"$build/own_code.log") ||
  echo "lint: clang-tidy goes through the system's headers, too: $build/own_code.log"

precompile >"$build/lint.log" 2>&1 || { tail -n 15 "$build/lint.log" >&2; exit 1; }

echo "lint: clang-tidy"
# One file a run: of several, the last one's .clang-tidy would count for all. The analyzer by itself
# goes through 225,000 states: most of the time, for the large functions.
# shellcheck disable=SC2086  # the options are words on purpose
printf '%s\n' "$units" |
  xargs -P "$(nproc)" -n 1 clang-tidy --quiet $alone \
    --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes="$states" \
    -p "$build/lint" 2>"$build/tidy.log" || status=1
exit $status
