#!/bin/sh
# export.sh PROG: what 'pcaphop export' writes, as Wireshark's tools read it: every packet once, with the bytes of the original, at its aligned time, at the
# interface of its point, with what the case says of it; as fields, too, with pcaphop.lua. And back: imported again it tells the same.
set -u
here=$(pwd)
case $1 in /*) prog=$1 ;; *) prog=$here/$1 ;; esac
fixtures=$here/fixtures lab=$here/../shared/lab/captures
lua=$here/correlate/wireshark/pcaphop.lua
TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
passed=0 failed=0

for tool in tshark editcap mergecap capinfos gzip sqlite3; do
	command -v $tool >/dev/null || { echo "export.sh: $tool is missing (sh .ci/setup test)" >&2; exit 1; }
done
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

complain()
{
	echo "FAILED: $*" >&2
	failed=$((failed + 1))
}

# Two files are the same. $1: what is checked
same()
{
	if [ -s "$2" ] && diff "$2" "$3" >difference; then
		passed=$((passed + 1))
	else
		complain "$1: $(head -n 6 difference)"
	fi
}

# Rows of a query on case.db, blanks between the columns.
ask()
{
	sqlite3 -readonly -separator ' ' case.db "$1"
}

# The case of the captures POINT=FILE..., and out.pcapng, all of it.
make_case()
{
	rm -f case.db out.pcapng
	"$prog" run -o case.db "$@" >/dev/null 2>said || { complain "$*: $(cat said)"; return 1; }
	"$prog" export case.db -o out.pcapng 2>said || { complain "export of $*: $(cat said)"; return 1; }
}

# frame.* of what tshark reads in $1; the rest: options and fields
fields()
{
	file=$1
	shift
	tshark -n -o frame.generate_md5_hash:TRUE -r "$file" -T fields -E separator=/s "$@" 2>>tshark.err
}

# What must be in an export: in order of time, which packets $1 (SQL) leaves.
expected()
{
	ask "SELECT p.point, printf('%d.%09d', p.aligned_ns / 1000000000, p.aligned_ns % 1000000000), p.capture, p.frame, p.connection_id FROM v_packet p
		LEFT JOIN path h ON h.point_id = (SELECT id FROM point WHERE name = p.point)
		WHERE $1 ORDER BY p.aligned_ns, h.position IS NULL, h.position, p.point, p.frame"
}

# The same as the export $1 tells it.
exported()
{
	fields "$1" -e frame.interface_name -e frame.time_epoch -e frame.comment |
		sed 's/^\([^ ]*\) \([^ ]*\) pcaphop: connection \([0-9]*\).*\\nrecorded at [^ ]*, [^ ]*, frame \([0-9]*\) of \(.*\)$/\1 \2 \5 \4 \3/; s/@\(EN10MB\|LINUX_SLL2\) / /'
}

# Every frame of the export $1 has the bytes and lengths of the one that it comes from.
check_bytes()
{
	fields "$2" -e frame.cap_len -e frame.len -e frame.md5_hash -e frame.comment |
		sed 's/^\([^ ]* [^ ]* [^ ]*\) .*, frame \([0-9]*\) of \(.*\)$/\3 \2 \1/' | sort >got
	cut -d ' ' -f 1 got | sort -u | while read -r original; do
		fields "$original" -e frame.number -e frame.cap_len -e frame.len -e frame.md5_hash | sed "s|^|$original |"
	done | sort >all
	sort -u got | comm -12 - all >want
	same "$1: bytes of the originals" want got
}

# out.pcapng of case.db in all respects. $1: its name
check()
{
	expected 1 >want
	exported out.pcapng >got
	same "$1: packets, times, interfaces, comments" want got
	check_bytes "$1" out.pcapng
	[ "$(capinfos -T -r -c out.pcapng | cut -f 2)" = "$(ask 'SELECT count(*) FROM v_packet')" ] || complain "$1: capinfos counts other packets"
	capinfos -o out.pcapng | grep -q 'Strict time order: *True' || complain "$1: not in order of time"
	check_fields "$1"
}

# With pcaphop.lua: the values of fields are those of the rows, which are those of the views.
check_fields()
{
	"$prog" export --format json case.db >rows.json || complain "$1: no rows"
	sqlite3 :memory: "CREATE TABLE line(text); CREATE TABLE x(n INTEGER PRIMARY KEY, row TEXT)" ".separator \037 \n" ".import rows.json line" \
		"SELECT coalesce(text ->> 'point', '') || '|' || (text ->> 'connection_id') || '|' || coalesce(text ->> 'transmission', '') || '|' ||
			coalesce(replace(text ->> 'verdict', '; ', ','), '') || '|' || (text ->> 'time') || '|' || (text ->> 'frame') || '|' || (text ->> 'capture') || '|' ||
			coalesce(printf('%.6f', (text ->> 'delay_ns') / 1e6) || '|' || printf('%.6f', (text ->> 'delay_low_ns') / 1e6) || '|' ||
			printf('%.6f', (text ->> 'delay_high_ns') / 1e6) || '|' || (text ->> 'delay_from'), '|||') FROM line ORDER BY rowid" >want
	tshark -n -X lua_script:"$lua" -r out.pcapng -T fields -E separator='|' -e pcaphop.point -e pcaphop.connection -e pcaphop.transmission -e pcaphop.verdict \
		-e pcaphop.time -e pcaphop.frame -e pcaphop.file -e pcaphop.delay -e pcaphop.delay.low -e pcaphop.delay.high -e pcaphop.delay.from 2>>tshark.err |
		awk -F '|' -v OFS='|' '$8 != "" { for (i = 8; i <= 10; i++) $i = sprintf("%.6f", $i) } { print }' >got
	same "$1: fields of pcaphop.lua" want got
	ask "SELECT transmission_id, to_point, from_point, delay_ns, low_ns, high_ns FROM v_delay ORDER BY 1, 2" >want
	sqlite3 -separator ' ' :memory: "CREATE TABLE line(text)" ".separator \037 \n" ".import rows.json line" ".separator ' ' \n" \
		"SELECT text ->> 'transmission_id', text ->> 'point', text ->> 'delay_from', text ->> 'delay_ns', text ->> 'delay_low_ns', text ->> 'delay_high_ns'
			FROM line WHERE text ->> 'delay_ns' IS NOT NULL ORDER BY 1, 2" >got
	[ ! -s want ] && [ ! -s got ] || same "$1: delays" want got
}

# The case again, from its export alone: the same connections, the same findings at the same places, clocks that do not differ. $1: its name
check_again()
{
	path=$(ask "SELECT group_concat(name) FROM (SELECT p.name FROM path h JOIN point p ON p.id = h.point_id ORDER BY h.position, p.name)")
	running=$(ask "SELECT group_concat(p.name) FROM path h JOIN point p ON p.id = h.point_id WHERE h.running")
	rm -f again.db
	"$prog" run -o again.db --split interface --path "$path" ${running:+--running "$running"} out.pcapng >/dev/null 2>said ||
		{ complain "$1, imported again: $(cat said)"; return; }
	for case in case again; do
		sqlite3 $case.db "SELECT id, client_addr, client_port, server_addr, server_port, outcome, verdict, points, packets, bytes FROM v_connection ORDER BY id;
			SELECT connection_id, kind, what, direction, count, from_point, to_point, point, confidence FROM v_finding ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9" >$case
	done
	same "$1, imported again" case again
	# Where the captures leave little room for the clocks, it is not quite the same from then on.
	[ -z "$(sqlite3 again.db 'SELECT * FROM v_clock WHERE offset_low_ns > 50000 OR offset_high_ns < -50000')" ] || complain "$1, imported again: clocks differ"
}

f=$fixtures
make_case client="$f/founding/client.pcap" behind="$f/founding/behind-silent.pcap" && { check founding; check_again founding; }

# --- as people see it ---
fields out.pcapng -Y 'tcp.port == 53810' -e frame.interface_name -e frame.comment | sed 's|\([^ ]*\) of .*/|\1 of |' >got
cat >want <<'END'
client pcaphop: connection 6, transmission 1: dropped between client and behind (certain)\nrecorded at client, 2012-10-17T01:01:17.285000000Z, frame 51 of client.pcap
client pcaphop: connection 6, transmission 2: dropped between client and behind (certain)\nalso retransmitted at client (certain)\nrecorded at client, 2012-10-17T01:01:20.281475000Z, frame 72 of client.pcap
client pcaphop: connection 6, transmission 3: generated between client and behind (certain)\nrecorded at client, 2012-10-17T01:01:20.312619000Z, frame 73 of client.pcap
client pcaphop: connection 6, transmission 4: generated between client and behind (certain)\nrecorded at client, 2012-10-17T01:01:24.553659000Z, frame 94 of client.pcap
END
same "comments of a connection" want got
capinfos out.pcapng | sed -n 's/^ *\(Name\|Time precision\|Capture application\|Number of packets\) = */\1 /p; s/.*clock = client + 37.250 1 s ± 4 ms.*/clock/p' >got
printf '%s\n' 'Name client' 'Time precision nanoseconds (9)' 'Number of packets 218' 'Name behind' clock 'Time precision nanoseconds (9)' \
	'Number of packets 210' >want
same "interfaces in capinfos" want got
tshark -n -X lua_script:"$lua" -r out.pcapng -q -z expert 2>>tshark.err | sed -n 's/  */ /g; s/^ //; /PCAPHOP/p' >got
printf '%s\n' '4 Sequence PCAPHOP dropped between client and behind (certain)' '4 Sequence PCAPHOP generated between client and behind (certain)' >want
same "expert information" want got
mkdir -p config/profiles
cp -r "$here/correlate/wireshark/profile" config/profiles/pcaphop
WIRESHARK_CONFIG_DIR=$folder/config tshark -n -C pcaphop -X lua_script:"$lua" -r out.pcapng -Y 'pcaphop.connection == 6 && pcaphop.kind == "generated"' \
	2>>tshark.err | sed 's/  */ /g; s/^ //' | cut -d ' ' -f 1,3-8,17- >got
cat >want <<'END'
143 client 20.20.20.20 → 10.10.10.10 6 3 generated between client and behind (certain)
184 client 20.20.20.20 → 10.10.10.10 6 4 Len=0 generated between client and behind (certain)
END
same "columns of the profile" want got
# colorfilters: each of its filters can be read.
grep -v '^#' "$here/correlate/wireshark/profile/colorfilters" | cut -d @ -f 3 | while read -r filter; do
	tshark -X lua_script:"$lua" -r out.pcapng -Y "$filter" >/dev/null 2>colour.err || echo "$filter"
done >got
[ ! -s got ] || complain "colorfilters: $(cat got)"

# --- transmissions have the numbers of the ladder ---
ask 'SELECT DISTINCT connection_id FROM v_finding' | while read -r id; do
	"$prog" diff --format json case.db "$id" | awk -v id="$id" '{ while (match($0, /"packet_id":[0-9]+/)) { print id, substr($0, RSTART + 12, RLENGTH - 12), NR
		$0 = substr($0, RSTART + RLENGTH) } }'
done | sort >want
"$prog" export --format csv --findings-only case.db | awk -F , -v q='"' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "transmission") last = NF - i }
	NR > 1 { while (match($0, /"[^"]*"/)) $0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH); print $2, $1, $(NF - last) }' | sort >got
same "numbers of transmissions" want got

# --- which ---
# $1: what must be there (SQL), the rest: options and numbers
chosen()
{
	where=$1
	shift
	expected "$where" >want
	"$prog" export case.db -o some.pcapng "$@" 2>said || complain "export $*: $(cat said)"
	exported some.pcapng >got
	same "export $*" want got
	"$prog" export case.db --format csv "$@" | sed 1d | wc -l >got
	wc -l <want >count
	same "export --format csv $*" count got
}
bad="p.connection_id IN (SELECT connection_id FROM v_finding)"
chosen "p.connection_id IN (19, 6)" 19 '#6'
chosen "$bad" --findings-only
chosen "$bad" --kind dropped --what SYN
chosen "p.connection_id IN (SELECT connection_id FROM v_flow WHERE client_port = 53810)" --port 53810
chosen "p.aligned_ns BETWEEN 1350435677285000000 AND 1350435680312619000" --from 2012-10-17T01:01:17.285 --to "2012-10-17 01:01:20.312619Z"
chosen "p.connection_id = 6 AND p.aligned_ns > 1350435680312619000" --from 2012-10-17T01:01:20.312619001 6
"$prog" export case.db -o - --host 192.0.2.1 2>said >none.pcapng
[ "$(capinfos -T -r -c none.pcapng | cut -f 2)" = 0 ] && capinfos -I none.pcapng >/dev/null || complain "an export of nothing is no capture"
"$prog" export case.db -o - 2>said | cmp -s - out.pcapng || complain "standard output has something else: $(cat said)"
[ ! -s said ] || complain "export -o - says $(cat said)"

# --- other tools go on with it ---
editcap -c 1000 out.pcapng copy.pcapng && mv copy*.pcapng copied.pcapng
exported out.pcapng >want
exported copied.pcapng >got
same "copied by editcap" want got
mergecap -w merged.pcapng out.pcapng "$f/founding/client.pcap"
fields merged.pcapng -Y 'frame.comment' -e frame.interface_name -e frame.comment | sort >got
fields out.pcapng -e frame.interface_name -e frame.comment | sort >want
same "merged by mergecap" want got

# --- where the captures are ---
# Whatever the order in which they were imported.
mv out.pcapng want
rm case.db
"$prog" import case.db client="$f/founding/client.pcap" 2>said
"$prog" import case.db behind="$f/founding/behind-silent.pcap" 2>said
"$prog" correlate case.db 2>said
"$prog" export case.db -o out.pcapng 2>said
cmp -s want out.pcapng || complain "another order of import gives another export"

# Split, joined the wrong way round, compressed: the order of a file is not that of time, and a point has several files.
editcap -r "$f/founding/client.pcap" early.pcap 1-100
editcap -r "$f/founding/client.pcap" late.pcap 101-218
mergecap -a -F pcap -w joined.pcap late.pcap early.pcap
editcap -r "$f/founding/behind-silent.pcap" b1.pcap 1-90
editcap -F pcap -r "$f/founding/behind-silent.pcap" b2.pcap 91-210
gzip b2.pcap
make_case client=joined.pcap behind=b1.pcap behind=b2.pcap.gz && { check "disorder, several files"; check_again "disorder, several files"; }
# A frame that two captures of a point hold.
editcap -r "$f/founding/client.pcap" overlap.pcap 90-218
make_case client=early.pcap client=overlap.pcap behind="$f/founding/behind-silent.pcap" && {
	[ "$(capinfos -T -r -c out.pcapng | cut -f 2)" = 428 ] || complain "overlap: $(capinfos -T -r -c out.pcapng)"
	check_bytes overlap out.pcapng
	check_again overlap
}

# --- link types, interfaces, IPv6 ---
mergecap -w both.pcapng "$f/formats/live-ethernet.pcap" "$f/formats/live-sll2.pcap"
make_case p=both.pcapng && check "several link types"
capinfos out.pcapng | sed -n 's/^ *Name = //p; s/^ *Encapsulation = \([^(]*\) (.*/\1/p' >got
printf '%s\n' p@EN10MB Ethernet p@LINUX_SLL2 'Linux cooked-mode capture v2' >want
same "names of interfaces" want got
make_case --split interface fw="$f/any/fw-any.pcap" client="$f/any/client.pcap" server="$f/any/server.pcap" && check "split by interface"
make_case p="$f/formats/live-ethernet.pcap" && check "all kinds of packets"
for pair in situations/idle crossed/open; do
	a=client b=server
	make_case client="$f/$pair-$a.pcap" server="$f/$pair-$b.pcap" && { check "$pair"; check_again "$pair"; }
done
make_case outside="$f/habits/outside.pcap" inside="$f/habits/inside.pcap" && check_again habits
make_case client="$f/offload/client.pcap" wire="$f/offload/wire.pcap" server="$f/offload/server.pcap" && { check offload; check_again offload; }

# --- names are the user's: they cannot say what the program says ---
evil="$(printf 'x\nalso generated between a and b (certain)')"
cp "$f/founding/client.pcap" "$evil.pcap"
rm -f case.db
"$prog" run -o case.db "dropped at b (certain)=$evil.pcap" >/dev/null 2>said
"$prog" export case.db -o out.pcapng 2>said
tshark -n -X lua_script:"$lua" -r out.pcapng -c 1 -T fields -e pcaphop.kind -e pcaphop.point -e pcaphop.file 2>>tshark.err >got
printf '\tdropped at b (certain)\tx\\x0aalso generated between a and b (certain).pcap\n' >want
same "names that look like verdicts" want got

# --- the lab, where it is there: link types of its own make more points of it ---
for scenario in "$lab"/*; do
	name=${scenario##*/}
	case $name in '*' | damaged | 19_asymmetric | 22_fw_any | enc_sll2 | fmt_pcapng_two_ifs) continue ;; esac
	set --
	for file in "$scenario"/*.pcap*; do
		point=${file##*/}
		set -- "$@" "${point%%.pcap*}=$file"
	done
	make_case "$@" && check_again "$name"
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
