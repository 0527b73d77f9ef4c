cp $fixtures/f5/*.pcap .
$prog run -o case.db client=client.pcap bigip=bigip.pcap server=server.pcap
$prog query case.db "SELECT connection_id, side, virtual_server, peer_connection_id, peer_remote_addr, peer_remote_port, peer_vlan FROM v_f5"
$prog query case.db "SELECT connection_id, point, frame, direction, rst_cause FROM v_packet WHERE rst_cause IS NOT NULL"
$prog query case.db "SELECT kind, connection_id, json_extract(evidence, '$.peer') AS peer, text FROM v_finding WHERE kind IN ('terminated', 'originated')"
$prog list --failed --format csv case.db
