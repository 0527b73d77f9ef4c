cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog import case.db client=client.pcap
$prog list case.db; echo "list $?"
$prog diff case.db 6; echo "diff $?"
$prog correlate case.db; echo "correlate $?"
$prog list --failed case.db | head -n 3
$prog import case.db behind=behind-silent.pcap
$prog list case.db; echo "list after import $?"
$prog run -o case.db client=client.pcap; echo "run into a case $?"
