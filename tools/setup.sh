#!/bin/sh
# Installs what a tier of the workbook needs and is not there yet: `setup.sh demo|test|full`.
# Says what it installs and how large it is first; never installs a package that starts a service.
set -eu

# What each tier needs. A later tier includes the earlier ones.
demo="g++ cmake ninja-build pkg-config catch2 nlohmann-json3-dev libexpected-dev libcli11-dev libutf8proc-dev
      libssl-dev libasio-dev libxxhash-dev libspdlog-dev libpcap-dev doxygen graphviz"
test="git patch python3 procps tshark tcpdump valgrind"
full="clang libclang-rt-dev libclang-dev llvm llvm-dev lld clang-format clang-tidy cppcheck shellcheck"

tier=${1:-demo}
case $tier in
  demo) wanted=$demo ;;
  test) wanted="$demo $test" ;;
  full) wanted="$demo $test $full" ;;
  *) echo "setup: there is no tier '$tier': use demo, test or full" >&2; exit 2 ;;
esac

fail() { echo "setup: $*" >&2; exit 1; }

# Every wanted package that dpkg does not report as installed.
missing_of() {
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

command -v dpkg-query >/dev/null 2>&1 ||
  fail "this set-up knows Debian 12 and 13 and Ubuntu 24.04 (no dpkg here); install by hand: $wanted"

# shellcheck disable=SC2086  # the lists are words on purpose
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1; then
  as_root=sudo
  sudo -n true 2>/dev/null || [ -t 0 ] ||
    fail "these packages are missing and sudo wants a password, but there is no terminal to ask on: $missing"
else
  fail "these packages are missing and there is no sudo here; ask an administrator to run: apt-get install $missing"
fi

apt() { # every call waits for another apt rather than fail, and asks nothing
  # LC_ALL is C so that the size line below can be found in the output.
  $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -o DPkg::Lock::Timeout=400 "$@"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "setup: fetching the package lists (apt-get update)"
apt update -q >"$log" 2>&1 || { tail -n 3 "$log" >&2; fail "apt-get update failed: is there a network?"; }

# shellcheck disable=SC2086
apt install --no-install-recommends --assume-no $missing >"$log" 2>&1 || true
grep -q '^E: ' "$log" && { grep '^E: ' "$log" >&2; fail "a package cannot be installed: $missing"; }
echo "setup: will install: $missing"
sed -n -e 's/^Need to get /setup: to download: /p' -e 's/^After this operation, /setup: on the disk: /p' "$log"

# shellcheck disable=SC2086
apt install --no-install-recommends -y -q $missing >"$log" 2>&1 ||
  { tail -n 5 "$log" >&2; fail "the installation failed: $missing"; }
echo "setup: installed"
