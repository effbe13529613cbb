#!/bin/sh
# Runs the fuzz targets, then says which lines of their subjects they reach:
# `fuzz.sh FOLDER SECONDS [TARGET...]`. FOLDER is the usual build folder; the fuzzers are built by
# clang in FOLDER/fuzz, and count the lines that they run. Each target replays its corpus
# (tests/fuzz/corpus), then looks for new inputs for SECONDS (0: replay only); what it finds stays in
# the build folder.
# Fails on any finding, and where the lines reached of a subject (lab 03's parsers; its readers of
# captures, together; lab 08's framing; the capstone's sessions, their files together) are fewer than
# $least of a hundred.
set -eu
build=${1:?usage: fuzz.sh FOLDER SECONDS [TARGET...]}
seconds=${2:?usage: fuzz.sh FOLDER SECONDS [TARGET...]}
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
all="fuzz_proc fuzz_capture fuzz_packet fuzz_decoder fuzz_header fuzz_digest fuzz_session"
handshake=labs/03-handshake-trace/solution/handshake_trace.cpp
captures=labs/03-handshake-trace/capture
readers="$captures/packets.cpp $captures/capture_reader.cpp $captures/capture_pcap.cpp
  $captures/capture_pcapng.cpp"
framing=labs/08-framing/solution/framing.cpp
session="ftp/wire.cpp ftp/error.cpp ftp/server/call.cpp ftp/server/session.cpp
  ftp/server/behind.cpp
  ftp/server/course_session.cpp ftp/server/version_2_session.cpp ftp/server/course_digests.cpp"
least=85

fail() { echo "fuzz: $*" >&2; exit 1; }

[ -f "$framing" ] || framing=labs/08-framing/starter/framing.cpp # a student's tree
[ -f "$handshake" ] || handshake=labs/03-handshake-trace/starter/handshake_trace.cpp
coverage=yes
targets=$all
if [ $# -gt 0 ]; then # a part does not reach the whole
  targets=$*
  coverage=
fi
for target in $targets; do
  case " $all " in *" $target "*) ;; *) echo "fuzz: there is no target '$target': $all" >&2; exit 2 ;; esac
done

fuzz=$build/fuzz
cmake --preset fuzz -B "$fuzz" >/dev/null || fail "cannot configure $fuzz"
# shellcheck disable=SC2086  # the lists are words on purpose
tools/build.sh "$fuzz" $targets
mkdir -p "$fuzz/found" "$fuzz/findings"

fuzzer() { # TARGET ARGUMENTS...: fails with the end of its log
  name=$1
  log=$fuzz/$name.log
  words=tests/fuzz/${name#fuzz_}.dict
  [ -f "$words" ] || words=tests/fuzz/json.dict
  shift
  LLVM_PROFILE_FILE=$fuzz/unused.profraw "$fuzz/fuzz/$name" \
    -artifact_prefix="$fuzz/findings/$name-" -timeout=10 -rss_limit_mb=1024 \
    -malloc_limit_mb=16 -dict="$words" -print_final_stats=1 "$@" >"$log" 2>&1 ||
    { tail -n 40 "$log" >&2; fail "$name: a finding; log: $log, input: $fuzz/findings"; }
}

run() { # TARGET
  corpus=tests/fuzz/corpus/${1#fuzz_}
  found=$fuzz/found/${1#fuzz_}
  mkdir -p "$found"
  fuzzer "$1" -runs=0 "$corpus"
  [ "$seconds" = 0 ] || fuzzer "$1" -max_total_time="$seconds" "$found" "$corpus"
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "fuzz: $1: clean, $runs runs, $(find "$corpus" -type f | wc -l) seeds, $(find "$found" -type f | wc -l) found since"
}

for target in $targets; do run "$target"; done
[ -n "$coverage" ] || exit 0

tool() { command -v "$1" || fail "there is no $1: tools/setup.sh full installs it"; }
llvm_cov=$(tool llvm-cov)
llvm_profdata=$(tool llvm-profdata)
objects=
for target in $all; do # the profile of one replay, without what was tried in vain
  LLVM_PROFILE_FILE=$fuzz/$target.profraw "$fuzz/fuzz/$target" -runs=0 -rss_limit_mb=1024 \
    "tests/fuzz/corpus/${target#fuzz_}" "$fuzz/found/${target#fuzz_}" >"$fuzz/$target.replay.log" 2>&1 ||
    fail "$target: a finding among those before; the log is $fuzz/$target.replay.log"
  objects="$objects${objects:+ -object} $fuzz/fuzz/$target"
done
"$llvm_profdata" merge -sparse "$fuzz"/fuzz_*.profraw -o "$fuzz/all.profdata"
# shellcheck disable=SC2086
"$llvm_cov" export $objects -instr-profile="$fuzz/all.profdata" -summary-only >"$fuzz/reached.json" 2>/dev/null
# shellcheck disable=SC2086
"$llvm_cov" show $objects -instr-profile="$fuzz/all.profdata" \
  -ignore-filename-regex='/(usr|tests|common)/' >"$fuzz/lines.txt" 2>/dev/null

reached() { # FILE...: fails where too few lines of these files together were reached
  python3 - "$fuzz/reached.json" "$least" "$@" <<'END'
import json, sys
report, least, *names = sys.argv[1:]
files = json.load(open(report))["data"][0]["files"]
reached = there = 0
for name in names:
    found = [file["summary"]["lines"] for file in files if file["filename"].endswith("/" + name)]
    if not found:
        sys.exit(f"fuzz: {name} is not in the coverage data: {report}")
    reached += found[0]["covered"]
    there += found[0]["count"]
    print(f"fuzz: {name}: {found[0]['covered']} of {found[0]['count']} lines reached")
print(f"fuzz: {'together ' if len(names) > 1 else ''}{int(1000 * reached / there) / 10} %")
sys.exit(100 * reached < int(least) * there and f"fuzz: fewer than {least} % of the lines were reached")
END
}

echo "fuzz: line by line: $fuzz/lines.txt"
reached "$handshake"
# shellcheck disable=SC2086
reached $readers
reached "$framing"
# shellcheck disable=SC2086
reached $session
