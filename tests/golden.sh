#!/bin/sh
# golden.sh PROG NAME.cmd: run the commands of NAME.cmd in an empty folder and compare what they say with NAME.out.
# The commands find $prog and $fixtures. UPDATE=1 rewrites NAME.out.
set -u
here=$(pwd)
case $1 in /*) prog=$1 ;; *) prog=$here/$1 ;; esac
case $2 in /*) cmd=$2 ;; *) cmd=$here/$2 ;; esac
out=${cmd%.cmd}.out
fixtures=$here/fixtures
unset NO_COLOR PCAPHOP_THREADS
TZ=UTC LC_ALL=C.UTF-8 COLUMNS=100 TERM=dumb
export prog fixtures TZ LC_ALL COLUMNS TERM

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/empty"
(cd "$folder/empty" && sh "$cmd") >"$folder/got" 2>&1 </dev/null
echo "exit status $?" >>"$folder/got"

if [ "${UPDATE:-}" = 1 ]; then
	cp "$folder/got" "$out"
	exit
fi
if ! diff -u "$out" "$folder/got"; then
	echo "FAILED: $2 (UPDATE=1 sh tests/golden.sh $1 $2 accepts what it says now)" >&2
	exit 1
fi
