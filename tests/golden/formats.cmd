cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run -o case.db client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1
$prog list --failed --format json case.db
$prog list --failed --format csv case.db
$prog diff --format json case.db 6
$prog diff --format csv case.db 6
$prog query --format csv case.db "SELECT kind, what, direction, from_point, to_point, point, connections, count FROM v_summary"
$prog query --format csv case.db "SELECT value FROM json_each('[1, 2]')"
