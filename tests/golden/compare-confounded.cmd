$prog run -o case.db client=$fixtures/compare/confounded.pcap >/dev/null 2>&1
$prog compare --color always case.db
