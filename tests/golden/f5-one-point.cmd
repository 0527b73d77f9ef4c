cp $fixtures/f5/bigip.pcap .
$prog run bigip=bigip.pcap
