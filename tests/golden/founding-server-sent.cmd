cp $fixtures/founding/client-server-sent.pcap $fixtures/founding/behind-server-sent.pcap .
$prog run -o case.db client=client-server-sent.pcap behind=behind-server-sent.pcap >/dev/null
$prog list case.db
$prog diff case.db 6
