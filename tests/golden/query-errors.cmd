cp $fixtures/founding/client.pcap .
$prog import case.db client=client.pcap
$prog query case.db "SELECT nosuch FROM v_packet"
$prog query case.db "DELETE FROM packet"
$prog query case.db "SELECT count(*) AS packets FROM packet"
