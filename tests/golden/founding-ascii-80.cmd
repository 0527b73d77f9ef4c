cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run -o case.db client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1
LC_ALL=C COLUMNS=80 $prog list case.db
LC_ALL=C COLUMNS=80 $prog diff case.db 6
