cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run -o case.db client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1
$prog diff --format csv case.db 6 | cut -d , -f 1-9,36-
$prog diff --format json case.db 6 | cut -c 1-200
$prog list --format csv --failed case.db
