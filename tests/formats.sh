#!/bin/sh
# formats.sh PROG: every container, compression, link type and tunnel that the manual page names, in captures that tcpdump and Wireshark's tools
# write from those in fixtures/formats. pcaphop and tshark must find the same number of frames and the same packets.
set -u
here=$(pwd)
case $1 in /*) prog=$1 ;; *) prog=$here/$1 ;; esac
fixtures=$here/fixtures/formats
TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
passed=0 failed=0

for tool in tshark tcpdump editcap mergecap text2pcap capinfos gzip zstd lz4 xz bzip2; do
	command -v $tool >/dev/null || { echo "formats.sh: $tool is missing (sh .ci/setup test)" >&2; exit 1; }
done
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# What tshark finds: one line per TCP packet, addresses and TCP fields those of the innermost; ICMP errors that quote TCP are only counted.
# $1: its options, then files
told()
{
	options=$1
	shift
	for file; do
		# shellcheck disable=SC2086
		tshark -n -r "$file" $options -Y tcp -T fields -E occurrence=l -E separator=/t -e frame.protocols -e ip.src -e ipv6.src -e ip.dst -e ipv6.dst \
			-e tcp.srcport -e tcp.dstport -e tcp.seq_raw -e tcp.ack_raw -e tcp.flags -e tcp.len -e tcp.options.timestamp.tsval 2>>tshark.err
	done | awk -F '\t' -v OFS=, '{
		below = $1
		sub(/:tcp.*/, "", below)
		if (below ~ /(^|:)icmp/) { print "icmp", below ~ /(^|:)icmpv6/ ? 6 : 4; next }
		six = below ~ /(^|:)ipv6[^:]*(:ipv6\.[a-z]*)*$/
		print six ? $3 : $2, six ? $5 : $4, $6, $7, $8, $9, $10, $11, $12
	}' | sort
}

# The same from a case.
found()
{
	"$prog" query --format csv "$1" "SELECT CASE WHEN v.icmp_type IS NOT NULL THEN printf('icmp,%d', iif(v.src_addr LIKE '%:%', 6, 4)) ELSE
		v.src_addr || ',' || v.dst_addr || printf(',%d,%d,%u,%u,0x%04x,%d,', v.src_port, v.dst_port, coalesce(v.seq, p.seq), coalesce(v.ack, p.ack) & 4294967295,
		p.flags & 511, v.length) || coalesce(v.tsval, '') END AS x FROM v_packet v JOIN packet p ON p.id = v.packet_id" |
		sed '1d; s/["\r]//g' | sort
}

frames_of()
{
	for file; do capinfos -T -r -c "$file" 2>/dev/null; done | awk -F '\t' '{ n += $NF } END { print n }'
}

complain()
{
	echo "FAILED: $*" >&2
	failed=$((failed + 1))
	return 1
}

# pcaphop must find what is in the file `want`, and $2 frames. $1: name of the check, the rest as on the command line
expect()
{
	name=$1 frames=$2
	shift 2
	rm -f case.db
	"$prog" run -o case.db "$@" >/dev/null 2>said || { complain "$name: $(cat said)"; return; }
	"$prog" query --format csv case.db 'SELECT sum(frames), sum(packets), count(damage) FROM capture' | sed '1d; s/\r//' >got
	[ "$(cat got)" = "$frames,$(wc -l <want),0" ] ||
		{ complain "$name: frames, packets, damaged files: $(cat got), not $frames,$(wc -l <want),0: $(cat said)"; return; }
	found case.db >got
	diff want got >difference || { complain "$name: other packets than tshark: $(head -n 6 difference)"; return; }
	passed=$((passed + 1))
}

# Files of one point that tshark can read. $1: name, $2: options of tshark
check()
{
	name=$1 options=$2
	shift 2
	told "$options" "$@" >want
	[ -s want ] || { complain "$name: tshark finds no packet"; return; }
	total=$(frames_of "$@")
	for file; do set -- "$@" "p=$file"; shift; done
	expect "$name" "$total" "$@"
}

# The frames of a capture as "time hex"
hex()
{
	tcpdump -r "$1" -xx -tt -n 2>/dev/null | awk '
		/^\t0x/ { for (i = 2; i <= NF; i++) bytes = bytes $i; next }
		{ if (bytes != "") print time, bytes; time = $1; bytes = "" }
		END { if (bytes != "") print time, bytes }'
}

# Write other bytes in front of each frame of $2 (as of hex), and make a capture $1 of link type $3 of them. $4: the bytes, in which
#   [N] and <N>   become the length of what follows it plus N, two bytes, big-endian and little-endian;
#   ETHER, PPP, NLPID, ...   become the number that stands for IPv4 or IPv6 there
# The rest: options of text2pcap, which can put Ethernet, IP and UDP headers in front of that. It does not know all link types, and for some it makes
# up a header of its own: the number is written over its own.
wrap()
{
	file=$1 frames=$2 linktype=$3 front=$4
	shift 4
	awk -v front="$front" '
		function number(name, four, six) { gsub(name, $2 ~ /^6/ ? six : four, head) }
		{
			head = front
			gsub(/ /, "", head)
			number("ETHER", "0800", "86dd"); number("PPP", "0021", "0057"); number("NLPID", "cc", "8e"); number("NEXT", "01", "02")
			number("FAMILY4BE", "00000002", "0000001e"); number("FAMILY4", "02000000", "18000000"); number("FAMILY", "02", "1e")
			while (match(head, /[[<]-?[0-9]+[]>]/)) {
				behind = substr(head, RSTART + RLENGTH)
				gsub(/[[<]-?[0-9]+[]>]/, "0000", behind)
				n = (length(behind) + length($2)) / 2 + substr(head, RSTART + 1, RLENGTH - 2)
				field = sprintf("%04x", n)
				if (substr(head, RSTART, 1) == "<")
					field = substr(field, 3, 2) substr(field, 1, 2)
				head = substr(head, 1, RSTART - 1) field substr(head, RSTART + RLENGTH)
			}
			print $1, head $2
		}' "$frames" >wrapped
	text2pcap -q -F pcap -r '^(?<time>[0-9.]+) (?<data>[0-9a-f]+)$' -t '%s.%f' "$@" wrapped "$file" 2>text2pcap.err ||
		complain "text2pcap: $(cat text2pcap.err)"
	# shellcheck disable=SC2059
	printf "$(printf '\\%03o\\%03o' $((linktype % 256)) $((linktype / 256)))" | dd of="$file" bs=1 seek=20 conv=notrunc 2>/dev/null
}

# Frames in other frames: $1: name, $2: which frames (all, ip, ip4, ip6), $3: link type, $4: bytes in front, $5: options of text2pcap, $6: options of
# tshark, or "tcpdump": only that one knows the link type. What is found inside must be what was put in.
inside()
{
	# shellcheck disable=SC2086
	wrap in.pcap "$2" "$3" "$4" ${5-}
	cp "$2.want" want
	if [ "${6-}" = tcpdump ]; then
		tcpdump -n -r in.pcap 2>/dev/null | grep -c 'Flags \[' >judged
		grep -vc icmp want >difference
		cmp -s judged difference || { complain "$1: tcpdump finds $(cat judged) packets, not $(cat difference)"; return; }
	else
		told "${6-}" in.pcap >judged
		diff want judged >difference || { complain "$1: tshark reads something else: $(head -n 6 difference)"; return; }
	fi
	expect "$1" "$(wc -l <"$2")" p=in.pcap
	"$prog" query --format csv case.db 'SELECT linktype FROM interface' | sed '1d; s/\r//' | grep -qx "$3" || complain "$1: not of link type $3"
}

# The fixtures as they are.
for file in "$fixtures"/live-* "$fixtures"/linux-cooked.pcap "$fixtures"/gzip.pcap.gz "$fixtures"/two-*; do
	check "${file##*/}" "" "$file"
done

base=$fixtures/live-ethernet.pcap
mac="02000000000b 02000000000a"
hex "$base" >all
sed -n 's/ .\{24\}\(0800\|86dd\)/ /p' all >ip
grep ' 4' ip >ip4
grep ' 6' ip >ip6
awk 'length($2) < 3000' ip >short
told "" "$base" >all.want
cp all.want ip.want
grep -e '^icmp,4' -e '^[0-9.]*,' all.want >ip4.want
grep -v -e '^icmp,4' -e '^[0-9.]*,' all.want >ip6.want
wrap short.pcap short 101 ""
told "" short.pcap >short.want

# --- link types ---
inside Ethernet all 1 ""
inside "802.1Q" ip 1 "$mac 81000005 ETHER"
inside "802.1ad" ip 1 "$mac 88a80064 81000005 ETHER"
inside "QinQ 9100" ip 1 "$mac 91000064 81000005 ETHER"
inside "802.3 LLC SNAP" short 1 "$mac [0] aaaa03 000000 ETHER"
inside MPLS ip 1 "$mac 8847 00064040 00010140"
inside "MPLS pseudowire" all 1 "$mac 8847 00010140" "" "-d mpls.label==16,pwethnocw"
inside "MPLS pseudowire with control word" all 1 "$mac 8847 00010140 00000000" "" "-d mpls.label==16,pwethcw"
inside PPPoE ip 1 "$mac 8864 1100 0042 [0] PPP"
inside "PPPoE in 802.1Q" ip 1 "$mac 81000007 8864 1100 0042 [0] PPP"
inside NULL ip 0 FAMILY4
inside "NULL of a big-endian host" ip 0 FAMILY4BE
inside PPP ip 9 "ff03 PPP"
inside "PPP without address" ip 9 PPP
inside "RAW 12" ip 12 ""
inside "RAW 14" ip 14 ""
inside PPP_HDLC ip 50 "ff03 PPP"
inside PPP_ETHER ip 51 "1100 0042 [0] PPP"
inside ATM_RFC1483 ip 100 "aaaa03 000000 ETHER"
inside RAW ip 101 ""
inside C_HDLC ip 104 "0f00 ETHER"
inside IEEE802_11 ip 105 "0801 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 ETHER"
inside "IEEE802_11 with QoS" ip 105 "8802 0000 020000000001 020000000002 020000000003 1000 0000 aaaa03 000000 ETHER"
inside FRELAY ip 107 "1841 03 NLPID"
inside LOOP ip 108 FAMILY4BE
inside ENC ip 109 "FAMILY4 00001234 00300000"
inside LINUX_SLL ip 113 "0000 0001 0006 02000000000a0000 ETHER"
inside "LINUX_SLL with 802.1Q" ip 113 "0000 0001 0006 02000000000a0000 8100 0005 ETHER"
inside PFLOG ip 117 "3d FAMILY 00 00 656d3000000000000000000000000000 00000000000000000000000000000000 00000001 ffffffff 00000000 00000000 00000000 00000000 01 000000"
zeros=$(printf '%0128d' 0)
inside IEEE802_11_PRISM ip 119 "44000000 90000000 $zeros $zeros 0000000000000000 0801 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 ETHER"
inside IEEE802_11_RADIOTAP ip 127 "0000 0900 02000000 00 0801 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 ETHER"
inside IEEE802_11_AVS ip 163 "80211001 00000040 $(printf '%0112d' 0) 0801 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 ETHER"
inside PPP_PPPD ip 166 "0103 PPP" "" tcpdump
inside PPI ip 192 "0000 0800 69000000 0801 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 ETHER"
inside PPP_WITH_DIR ip 204 "01 ff03 PPP"
inside IPV4 ip4 228 ""
inside IPV6 ip6 229 ""
inside NFLOG ip 239 "02000000 0800 0a00 6c6f6700 <2> 0900"
inside PKTAP all 258 "6c000000 01000000 01000000 $(printf '%0192d' 0)"
inside LINUX_SLL2 ip 276 "ETHER 0000 00000007 0001 00 06 02000000000a0000"
inside DSA_TAG_BRCM ip 281 "$mac 20000001 ETHER" "" tcpdump
inside DSA_TAG_BRCM_PREPEND all 282 "20000001" "" tcpdump
inside DSA_TAG_DSA ip 284 "$mac c0200000 ETHER" "" tcpdump
inside DSA_TAG_EDSA ip 285 "$mac dada0000 c0200000 ETHER" "" tcpdump

# --- tunnels ---
four="-4 192.0.2.101,192.0.2.102" six="-6 2001:db8:9::1,2001:db8:9::2"
for outer in "$four" "$six"; do
	inside "IPv4 in IP $outer" ip4 1 "" "$outer -i 4"
	inside "IPv6 in IP $outer" ip6 1 "" "$outer -i 41"
	inside "MPLS in IP $outer" ip 1 "00010140" "$outer -i 137"
	inside "AH $outer" ip4 1 "04 04 0000 00000007 00000001 112233445566778899aabbcc" "$outer -i 51"
	inside "GRE $outer" ip 1 "0000 ETHER" "$outer -i 47"
	inside "GRE with key $outer" ip 1 "2000 ETHER 00000007" "$outer -i 47"
	inside "GRE with checksum, key and sequence number $outer" ip 1 "b000 ETHER 00000000 00000007 00000001" "$outer -i 47"
	inside "Ethernet in GRE $outer" all 1 "0000 6558" "$outer -i 47"
	inside "NVGRE $outer" all 1 "2000 6558 00138900" "$outer -i 47"
	inside "MPLS in GRE $outer" ip 1 "0000 8847 00010140" "$outer -i 47"
	inside "PPTP $outer" ip 1 "3001 880b [-6] 0007 00000001 PPP" "$outer -i 47"
	inside "ERSPAN I $outer" all 1 "0000 88be" "$outer -i 47"
	inside "ERSPAN II $outer" all 1 "1000 88be 00000001 1005 0007 00000000" "$outer -i 47"
	inside "ERSPAN III $outer" all 1 "1000 22eb 00000001 2005 0007 00000000 0000 0000" "$outer -i 47"
	inside "ERSPAN III with platform header $outer" all 1 "1000 22eb 00000001 2005 0007 00000000 0000 0001 0000000000000000" "$outer -i 47"
	inside "VXLAN $outer" all 1 "08000000 00138900" "$outer -u 50000,4789"
	inside "VXLAN at the old port $outer" all 1 "08000000 00138900" "$outer -u 50000,8472" "-d udp.port==8472,vxlan"
	inside "VXLAN-GPE $outer" ip 1 "0c0000NEXT 00138900" "$outer -u 50000,4790"
	inside "VXLAN-GPE of Ethernet $outer" all 1 "0c000003 00138900" "$outer -u 50000,4790"
	inside "GENEVE $outer" all 1 "0000 6558 00138900" "$outer -u 50000,6081"
	inside "GENEVE with options $outer" all 1 "0340 6558 00138900 01020001 0a0b0c0d 01020300" "$outer -u 50000,6081"
	inside "GENEVE of IP $outer" ip 1 "0000 ETHER 00138900" "$outer -u 50000,6081"
	inside "MPLS in UDP $outer" ip 1 "00010140" "$outer -u 50000,6635"
	inside "GTP-U $outer" ip 1 "30ff [-4] 00001234" "$outer -u 2152,2152"
	inside "GTP-U with sequence number $outer" ip 1 "32ff [-4] 00001234 00010000" "$outer -u 2152,2152"
	inside "GTP-U with an extension header $outer" ip 1 "34ff [-4] 00001234 00000085 01100900" "$outer -u 2152,2152"
	inside "L2TPv3 $outer" all 1 "00000007" "$outer -i 115" "-d l2tp.pw_type==0,eth"
	inside "L2TPv3 with cookie and sublayer $outer" all 1 "00000007 1122334455667788 00000000" "$outer -i 115" "-o l2tp.cookie_size:cookie8 -o l2tp.l2_specific:default -d l2tp.pw_type==0,eth"
	inside "L2TPv3 in UDP $outer" all 1 "00030000 00000007" "$outer -u 1701,1701" "-o l2tp.cookie_size:cookie0 -o l2tp.l2_specific:none -d l2tp.pw_type==0,eth"
	inside "L2TPv2 $outer" ip 1 "0002 0001 0002 PPP" "$outer -u 1701,1701"
	inside "L2TPv2 with length $outer" ip 1 "4002 [4] 0001 0002 ff03 PPP" "$outer -u 1701,1701"
done

# --- containers ---
for type in pcap nsecpcap modpcap pcapng; do
	editcap -F $type "$base" "as.$type"
	check $type "" "as.$type"
done
tcpdump -r "$base" -w tcpdump.pcap 2>/dev/null
check "what tcpdump writes" "" tcpdump.pcap

# The other byte order, which no tool writes here: the numbers in the headers are turned round, the packets are not.
od -An -v -tx1 tcpdump.pcap | tr -d ' \n' | awk '
	function turned(s,    t, i) { for (i = length(s) - 1; i > 0; i -= 2) t = t substr(s, i, 2); return t }
	function number(s) { s = turned(s); return 65536 * low(substr(s, 1, 4)) + low(substr(s, 5, 4)) }
	function low(s,    n, i) { for (i = 1; i <= 4; i++) n = 16 * n + index("0123456789abcdef", substr(s, i, 1)) - 1; return n }
	{
		out = turned(substr($0, 1, 8)) turned(substr($0, 9, 4)) turned(substr($0, 13, 4))
		for (at = 17; at < 49; at += 8) out = out turned(substr($0, at, 8))
		while (at < length($0)) {
			size = 2 * number(substr($0, at + 16, 8))
			for (i = 0; i < 32; i += 8) out = out turned(substr($0, at + i, 8))
			out = out substr($0, at + 32, size)
			at += 32 + size
		}
		for (i = 1; i < length(out); i += 2) printf "\\%03o", low("00" substr(out, i, 2))
	}' >octal
# shellcheck disable=SC2059
printf "$(cat octal)" >big-endian.pcap
check "pcap, big-endian" "" big-endian.pcap

# Several interfaces of different link types, several sections, comments.
wrap raw.pcap ip 101 ""
mergecap -F pcapng -w merged.pcapng as.pcap "$fixtures/live-sll2.pcap" raw.pcap
check "interfaces of different link types" "" merged.pcapng
cat merged.pcapng "$fixtures/live-dumpcap.pcapng" as.pcapng >sections.pcapng
check "several sections" "" sections.pcapng
editcap -a 1:first -a "9:with a comment" --capture-comment "of the file" merged.pcapng comments.pcapng
check comments "" comments.pcapng
cat as.pcap tcpdump.pcap >joined.pcap
told "" as.pcap tcpdump.pcap >want
expect "pcap files joined by cat" "$(frames_of as.pcap tcpdump.pcap)" p=joined.pcap
for tool in gzip zstd lz4 xz bzip2; do
	{ $tool -q -c as.pcap; $tool -q -c tcpdump.pcap; } >packed
	expect "$tool files joined by cat" "$(frames_of as.pcap tcpdump.pcap)" p=packed
done
editcap -s 96 "$base" cut.pcap
check "cut by snaplen" "" cut.pcap

# Compressed, as a file whose name does not say so, and from standard input.
for file in as.pcap as.nsecpcap sections.pcapng; do
	told "" $file >want
	total=$(frames_of $file)
	expect "$file from standard input" "$total" p=- <$file
	for tool in gzip zstd lz4 xz bzip2; do
		$tool -q -c $file >packed
		expect "$file, $tool" "$total" p=packed
		expect "$file, $tool, from standard input" "$total" p=- <packed
	done
done

# A ring buffer: in any order, as a folder, and files that overlap in time.
mkdir ring apart
editcap -c 10 "$base" ring/r.pcap
told "" "$base" >want
total=$(frames_of "$base")
expect "a folder" "$total" p=ring
set --
for file in ring/*; do set -- "p=$file" "$@"; done
expect "ring files, last first" "$total" "$@"
tshark -r "$base" -Y ip -w apart/ip.pcap 2>/dev/null
tshark -r "$base" -Y '!ip' -w apart/rest.pcapng 2>/dev/null
expect "files that overlap in time" "$total" p=apart

echo "$passed passed, $failed failed"
[ $failed = 0 ]
