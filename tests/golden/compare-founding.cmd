cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run -o one.db client=client.pcap >/dev/null 2>&1
COLUMNS=80 $prog compare one.db
$prog run -o two.db behind=behind-silent.pcap client=client.pcap >/dev/null 2>&1
LC_ALL=C $prog compare two.db
$prog run -o order.db client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1
$prog compare --format json two.db >two.json; $prog compare --format json order.db | cmp - two.json && head -n 2 two.json
