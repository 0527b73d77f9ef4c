cp $fixtures/tunnels/*.pcap .
$prog run -o case.db plain=plain.pcap gtp-u=gtp-u.pcap
$prog query case.db "SELECT connection_id, point, packets, join_state, tunnel FROM v_flow"
