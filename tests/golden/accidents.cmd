cp $fixtures/accidents/*.pcap .
$prog run -o case.db --path before,behind --running all before=before.pcap behind=behind.pcap 2>&1 | grep -A 4 "^finding"
$prog query case.db "SELECT id, verdict FROM v_connection ORDER BY id"
$prog query case.db "SELECT connection_id, kind, what, direction, from_point, to_point, point, confidence, count FROM v_finding ORDER BY id"
$prog query case.db "SELECT connection_id, from_point, direction, sent, arrived, dropped, generated, modified, duplicated FROM v_hop ORDER BY connection_id, direction"
