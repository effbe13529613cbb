#!/bin/sh
# as_an_ordinary_user.sh COMMAND...: runs a command without root's rights, as nobody where root runs
# this. Exits with 77, and says why, where that is not possible.
set -eu

if [ "$(id -u)" != 0 ]; then
  exec "$@"
fi
drop="setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs"
if ! $drop true; then
  echo "SKIPPED: root cannot become an ordinary user here" >&2
  exit 77
fi
if ! $drop test -x "$1"; then
  echo "SKIPPED: an ordinary user may not run $1" >&2
  exit 77
fi
exec $drop env HOME=/ PATH=/usr/local/bin:/usr/bin:/bin "$@"
