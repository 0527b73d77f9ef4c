cp $fixtures/situations/ecn-*.pcap .
$prog run -o case.db --running all client=ecn-client.pcap server=ecn-server.pcap 2>&1 | sed -n '/^[0-9]* connection.*bad/,/^─/p'
$prog query case.db "SELECT connection_id, kind, what, from_point, to_point, point, confidence, rule FROM v_finding ORDER BY id"
# SQL joins findings to the rules that made them.
$prog query case.db "SELECT number, rule, findings, connections, would_change FROM v_rule WHERE findings ORDER BY number, rule"
$prog query case.db "SELECT rule FROM finding WHERE rule NOT IN (SELECT rule FROM v_rule)"
