cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run client=client.pcap behind=behind-silent.pcap
