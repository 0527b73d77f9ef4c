cp $fixtures/compare/ecn-drop/outside.pcap ecn.pcap
$prog run -o outside.db outside=ecn.pcap >/dev/null 2>&1
$prog compare outside.db
$prog run -o both.db outside=$fixtures/compare/ecn-drop/outside.pcap inside=$fixtures/compare/ecn-drop/inside.pcap >/dev/null 2>&1
$prog compare --format csv both.db
