cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run client=client.pcap behind=behind-silent.pcap >one 2>/dev/null
$prog run behind=behind-silent.pcap client=client.pcap >two 2>/dev/null
cmp one two && echo "the same in any order"
