cp $fixtures/policy/ecn/fw-out.pcap ecn.pcap
$prog run -o outside.db outside=ecn.pcap >/dev/null 2>&1
$prog compare outside.db
$prog run -o both.db outside=$fixtures/policy/ecn/fw-out.pcap inside=$fixtures/policy/ecn/fw-in.pcap >/dev/null 2>&1
$prog compare --format csv both.db
