#!/bin/sh
# bench.sh BUILD: import, correlate, list and one diff on simulated captures, beside the plain loop (plain.c) on the same files, in one run.
# CONNECTIONS (40000) sets the size; medians of three runs.
set -eu
build=$1
connections=${CONNECTIONS:-40000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$build/tests/bench/simgen" --connections "$connections" --points 2 --gap 300 --loss 0.002 --nano --no-truth --out "$folder" >/dev/null

# Seconds that a command takes: the median of three runs, each after `prepare`.
seconds()
{
	for i in 1 2 3; do
		eval "$prepare"
		start=$(date +%s.%N)
		eval "$1" >/dev/null 2>&1
		end=$(date +%s.%N)
		echo "$end $start" | awk '{print $1 - $2}'
	done | sort -n | sed -n 2p
}

case=$folder/case.db
prepare="rm -f $folder/plain.db"
plain=$(seconds "$build/tests/bench/plain $folder/plain.db $folder/p0.pcap")
prepare="rm -f $case"
one=$(seconds "$build/pcaphop import $case p0=$folder/p0.pcap")
both=$(seconds "$build/pcaphop import $case p0=$folder/p0.pcap p1=$folder/p1.pcap")
prepare=:
correlate=$(seconds "$build/pcaphop correlate $case")
list=$(seconds "$build/pcaphop list $case")
diff=$(seconds "$build/pcaphop diff $case 1")
packets=$("$build/pcaphop" query --format csv "$case" 'SELECT count(*) FROM packet' | tail -n 1)
bytes=$(wc -c <"$case")
rm -f "$case"
memory=$( (/usr/bin/time -f %M "$build/pcaphop" run -o "$case" p0="$folder/p0.pcap" p1="$folder/p1.pcap" >/dev/null) 2>&1 | tail -n 1)
echo "$packets $plain $one $both $correlate $list $diff $bytes $memory" | awk -v cores="$(nproc)" '{
	n = $1 / 2
	printf "%d cores, %d packets at two points\n", cores, $1
	printf "import      %8.2f s for one point, %5.2f M packets/s, %.2f times the plain loop (%.2f s, %.2f M packets/s)\n", $3, n / $3 / 1e6, $2 / $3, $2, n / $2 / 1e6
	printf "correlate   %8.2f s, %.2f times the two imports; run = %.2f times\n", $5, $5 / $4, ($5 + $4) / $4
	printf "list        %8.2f s\ndiff        %8.3f s\n", $6, $7
	printf "case        %8.1f bytes per packet\npeak memory %8.1f MB (run)\n", $8 / $1, $9 / 1024
}'
