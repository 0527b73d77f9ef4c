# The loadable extension in the sqlite3 shell; what an AddressSanitizer build needs must be there before the shell.
extension=${prog%/*}/pcaphop_capture
preload=$(ldd $extension.so | awk '/lib[a-z]*san\.so/ {printf "%s ", $3}')
sql() { LD_PRELOAD="$preload" ASAN_OPTIONS=detect_leaks=0 sqlite3 "$1" ".load $extension" "$2"; }
cp $fixtures/founding/client.pcap .
head -c 12000 client.pcap >cut.pcap
sql :memory: "SELECT frame, time, src_addr, src_port, dst_addr, dst_port, flags, options FROM capture('client.pcap') WHERE flags LIKE '%RST%'"
sql :memory: "SELECT count(*), sum(length), max(damage) FROM capture('cut.pcap')"
# The same packets as an import has.
$prog run -o case.db client=client.pcap >/dev/null 2>&1
columns='frame, time_ns, time, src_addr, src_port, dst_addr, dst_port, flags, seq, ack, "window", length, tsval, tsecr, ip_id, ttl, dscp, ecn, mss, wscale,
	sack_permitted, options, icmp_type, icmp_code'
sql case.db "SELECT count(*) FROM (SELECT $columns FROM v_packet INTERSECT SELECT $columns FROM temp.capture('client.pcap'))"
$prog query case.db "SELECT (SELECT count(*) FROM v_packet) AS packets, count(*) AS rows FROM temp.capture('client.pcap')"
# A case that somebody sent: its views read no file.
sqlite3 case.db "DROP TABLE capture; CREATE VIEW files AS SELECT * FROM capture('client.pcap')"
$prog query case.db "SELECT * FROM files"
