# Rotated files that overlap: what two of them hold counts once, in whatever order they come.
cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
editcap -F pcap -r client.pcap one.pcap 1-150
editcap -F pcap -r client.pcap two.pcap 101-218
$prog run -o whole.db client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1
$prog run -o overlap.db client=two.pcap behind=behind-silent.pcap client=one.pcap >/dev/null 2>&1
for d in whole overlap; do
	$prog list $d.db >$d.list
	$prog diff $d.db >$d.diff
	$prog query $d.db "SELECT connection_id, kind, what, direction, count, from_point, to_point, point, confidence, text FROM v_finding" >$d.found
	$prog query $d.db "SELECT * FROM v_hop" >$d.hops
done
for f in list diff found hops; do cmp whole.$f overlap.$f && echo "$f: the same"; done
$prog query --format csv overlap.db "SELECT point, count(*), count(DISTINCT transmission_id) FROM v_packet GROUP BY point"
