cp $fixtures/habits/*.pcap .
$prog run -o case.db outside=outside.pcap inside=inside.pcap | sed '/^═\|^─/,$d'
COLUMNS=80 LC_ALL=C $prog run outside=outside.pcap inside=inside.pcap 2>/dev/null | sed -n '/^changed/,/^$/p;/^---/q'
$prog query case.db "SELECT * FROM v_habit WHERE habit <> 'kept' OR field IN ('seq', 'ip_id')"
$prog query case.db "SELECT from_point, to_point, side, before_addr, before_port, after_addr, after_port, connections FROM v_nat"
$prog query case.db "SELECT count(*) AS not_whole FROM (SELECT 1 FROM v_habit GROUP BY from_point, to_point, direction, field HAVING sum(connections) <> max(\"of\"))"
