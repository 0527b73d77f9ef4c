cp $fixtures/founding/client.pcap $fixtures/founding/behind-swallowed.pcap .
$prog run -o case.db client=client.pcap behind=behind-swallowed.pcap >log || cat log
$prog diff case.db 6
