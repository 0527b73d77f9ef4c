cp $fixtures/situations/backlog-*.pcap .
$prog run -o case.db --running all client=backlog-client.pcap server=backlog-server.pcap 2>&1 | sed -n '/^[0-9]* connection.*bad/,/^─/p'
$prog query case.db "SELECT connection_id, kind, what, from_point, to_point, point, confidence, rule FROM v_finding ORDER BY id"
COLUMNS=80 LC_ALL=C $prog diff case.db 3 2>&1 | sed -n '/^finding/,$p'
