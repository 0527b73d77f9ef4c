printf '%064d\n' 7 >key
$prog run -o case.db client=$fixtures/founding/client.pcap behind=$fixtures/founding/behind-silent.pcap >before 2>/dev/null
$prog anonymize case.db --key key -o copies
$prog run client=copies/client.pcapng behind=copies/behind.pcapng 2>/dev/null | diff before -
$prog anonymize case.db --key key -o copies
$prog anonymize case.db -o other --key new | head -2; $prog anonymize case.db
echo secret >bad; $prog anonymize case.db -o third --key bad
