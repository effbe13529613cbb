#!/bin/sh
# A source archive of the committed tree, without build output: `dist.sh FOLDER`.
set -eu
build=${1:?usage: dist.sh FOLDER}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
git rev-parse --git-dir >/dev/null 2>&1 || { echo "dist: this tree has no git history to archive from" >&2; exit 1; }
version=$(sed -n 's/^project(dialtone VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
mkdir -p "$build"
git archive --format=tar.gz --prefix="dialtone-$version/" -o "$build/dialtone-$version.tar.gz" HEAD
echo "$build/dialtone-$version.tar.gz"
