cp $fixtures/situations/idle-*.pcap .
$prog run -o case.db --running all client=idle-client.pcap server=idle-server.pcap 2>&1 | sed -n '/^[0-9]* connection.*bad/,/^─/p'
$prog query case.db "SELECT connection_id, kind, what, from_point, to_point, point, confidence, rule FROM v_finding ORDER BY id"
COLUMNS=80 LC_ALL=C $prog diff case.db 1 2>&1 | sed -n '/^finding/,$p'
