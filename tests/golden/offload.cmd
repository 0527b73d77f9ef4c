cp $fixtures/offload/*.pcap .
$prog run -o case.db --path client,wire,server --running all client=client.pcap wire=wire.pcap server=server.pcap >/dev/null 2>&1
$prog diff case.db 1
$prog query case.db "SELECT from_point, to_point, direction, sent, arrived, dropped, generated, not_captured, retransmitted FROM v_hop ORDER BY direction, from_point"
$prog query case.db "SELECT point, rel_seq, length, transmission_id, origin_id, into_id FROM v_packet LEFT JOIN resegmented USING (transmission_id) WHERE direction = 'c2s' AND length > 0 AND rel_seq < 16000 ORDER BY packet_id"
