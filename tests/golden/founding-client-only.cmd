cp $fixtures/founding/client.pcap .
$prog run client=client.pcap
