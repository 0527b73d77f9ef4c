cp $fixtures/proxy/*.pcap .
for s in streams header reuse down parallel transparent; do echo "== $s" && $prog run -o $s.db --path out,in --running all out=$s-out.pcap in=$s-in.pcap >summary 2>/dev/null && $prog list --all $s.db && $prog query $s.db "SELECT connection_id AS id, kind, what, direction, from_point, to_point, point, confidence, rule, json_extract(evidence, '$.peer') AS peer FROM v_finding"; done
$prog list --format json header.db | sed 's/.*"id":\([0-9]*\).*"peers":\("[^"]*"\|null\).*/\1 \2/'
$prog diff down.db 1
$prog query header.db "SELECT text FROM v_finding WHERE connection_id = 2"
$prog run -o order.db out=header-out.pcap in=header-in.pcap 2>/dev/null | sed -n 1,5p
$prog import --replace header.db in=header-in.pcap 2>/dev/null && $prog query header.db "SELECT count(*), sum(header) FROM forwarded"
